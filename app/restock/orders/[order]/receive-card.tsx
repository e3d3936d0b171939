import { useState } from 'react'
import { formatCount } from '#app/format/number.ts'
import type { Order } from '#app/restock/orders/order-parts.tsx'
import { ProductCell } from '#app/restock/orders/order-parts.tsx'
import type { useOrderDeeds } from '#app/restock/orders/use-orders.ts'
import { useHydrated } from '#app/ui/browser-state.ts'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Field, TextField } from '#app/ui/form.tsx'
import { HOUR_MS, type Instant } from '#domain/instant.ts'

type Deeds = ReturnType<typeof useOrderDeeds>['deeds']

/** What has come of an order, store by store; what the supplier says; and that no more is to come. */
export function ReceiveCard({
  order,
  deeds,
  isBusy,
  now,
}: {
  order: Order
  deeds: Deeds
  isBusy: boolean
  now: Instant
}) {
  const stores = [
    ...Map.groupBy(
      order.items.filter(({ open }) => open > 0),
      ({ store }) => store,
    ),
  ]
  return (
    <>
      {stores.map(([store, lines]) => (
        <StoreDelivery
          // What is open decides what is asked for: another form after each delivery.
          key={`${store} ${lines.map(({ open }) => open).join(' ')}`}
          order={order.order}
          store={store}
          lines={lines}
          deeds={deeds}
          isBusy={isBusy}
        />
      ))}
      <Card title="What the supplier says">
        <div className="flex flex-wrap items-end gap-3">
          <Confirm order={order} deeds={deeds} isBusy={isBusy} now={now} />
          <Button className="sm:ml-auto" disabled={isBusy} onClick={() => void deeds.cancelRest(order.order)}>
            No more is coming
          </Button>
        </div>
      </Card>
    </>
  )
}

function StoreDelivery({
  order,
  store,
  lines,
  deeds,
  isBusy,
}: {
  order: string
  store: string
  lines: Order['items']
  deeds: Deeds
  isBusy: boolean
}) {
  const [came, setCame] = useState<Record<string, string>>({})
  const [acceptsMore, setAcceptsMore] = useState(false)
  // One form is one delivery: pressing twice books it once.
  const [receipt] = useState(newReceipt)
  const unitsOf = (sku: string, open: number) => Number(came[sku] ?? open)
  const isMore = lines.some(({ sku, open }) => unitsOf(sku, open) > open)
  const name = lines[0]?.storeName ?? store
  return (
    <Card title={`Receive at ${name}`} note="as it was counted at the door">
      <div className="flex max-h-120 flex-col">
        <DataTable
          caption={`To receive at ${name}`}
          rows={lines}
          rowKey={({ sku }) => sku}
          columns={[
            {
              key: 'product',
              header: 'Product',
              align: 'left',
              cell: ({ productName, sku }) => <ProductCell productName={productName} sku={sku} />,
            },
            { key: 'open', header: 'Open', cell: ({ open }) => formatCount(open) },
            {
              key: 'came',
              header: 'Came',
              cell: ({ sku, productName, open }) => (
                <TextField
                  aria-label={`Came of ${productName ?? sku}`}
                  inputMode="numeric"
                  value={came[sku] ?? String(open)}
                  onChange={({ target }) => setCame({ ...came, [sku]: target.value })}
                  className="w-24 text-right"
                />
              ),
            },
          ]}
        />
      </div>
      <div className="mt-3 flex flex-wrap items-center justify-end gap-3">
        {isMore ? (
          <label className="mr-auto flex min-h-9 items-center gap-2 text-xs">
            <input
              type="checkbox"
              className="size-4 accent-text"
              checked={acceptsMore}
              onChange={({ target }) => setAcceptsMore(target.checked)}
            />
            More came than was ordered
          </label>
        ) : null}
        <Button
          disabled={isBusy}
          onClick={() =>
            void deeds.receive({
              order,
              store,
              receipt,
              acceptsMore: isMore && acceptsMore,
              lines: lines
                .map(({ sku, open }) => ({ sku, units: unitsOf(sku, open) }))
                .filter(({ units }) => units !== 0),
            })
          }
        >
          Receive
        </Button>
      </div>
    </Card>
  )
}

/** What the supplier said by telephone. Suppliers of the demo, and those who send events, say it by themselves. */
function Confirm({
  order,
  deeds,
  isBusy,
  now,
}: {
  order: Order
  deeds: Deeds
  isBusy: boolean
  now: Instant
}) {
  const [typed, setTyped] = useState<string | null>(null)
  // The server has another clock on its wall.
  const usual = useHydrated() ? localInput(order.expectedAt ?? now + 24 * HOUR_MS) : ''
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={event => {
        event.preventDefault()
        const expectedAt = new Date(typed ?? usual).getTime()
        if (Number.isFinite(expectedAt)) void deeds.confirm({ order: order.order, expectedAt })
      }}
    >
      <Field label="Comes at, by this device's clock">
        <TextField
          type="datetime-local"
          value={typed ?? usual}
          onChange={({ target }) => setTyped(target.value)}
        />
      </Field>
      <Button type="submit" disabled={isBusy}>
        {order.confirmedAt === null ? 'Confirm' : 'Confirm anew'}
      </Button>
    </form>
  )
}

function newReceipt(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2).padEnd(8, '0')}`
}

/** As a field of date and time wants it: the clock of this device, to the minute. */
function localInput(instant: Instant): string {
  const local = new Date(instant - new Date(instant).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}
