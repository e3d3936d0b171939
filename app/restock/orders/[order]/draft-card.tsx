import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import type { Order } from '#app/restock/orders/order-parts.tsx'
import type { useOrderDeeds } from '#app/restock/orders/use-orders.ts'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Field, Note, SelectField, TextField } from '#app/ui/form.tsx'

type Deeds = ReturnType<typeof useOrderDeeds>['deeds']
type Line = Order['items'][number]

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** A draft: its lines to change, what its supplier asks for, and what stands against placing it. */
export function DraftCard({
  order,
  deeds,
  isBusy,
  onDiscarded,
}: {
  order: Order
  deeds: Deeds
  isBusy: boolean
  onDiscarded: () => void
}) {
  const { order: number, currency, problems, terms, items } = order
  const [wantsExpress, setWantsExpress] = useState<boolean | null>(null)
  const edit = (line: Line, given: { units?: number | null; unitCost?: string }) =>
    void deeds.editLine({
      order: number,
      store: line.store,
      sku: line.sku,
      units: given.units === undefined ? line.units : given.units,
      ...(given.unitCost === undefined ? {} : { unitCost: given.unitCost }),
    })
  return (
    <Card title="Draft" note={termsText(terms, currency)}>
      {problems.map(({ detail }) => (
        <Note key={detail}>{detail}</Note>
      ))}
      <div className="flex max-h-160 flex-col">
        <DataTable
          caption="Lines of the draft"
          rows={items}
          rowKey={({ store, sku }) => JSON.stringify([store, sku])}
          columns={[
            {
              key: 'product',
              header: 'Product',
              align: 'left',
              cell: ({ productName, sku }) => (
                <span className="block min-w-32 whitespace-normal">
                  {productName ?? sku}
                  {productName === null ? null : <span className="block text-2xs text-muted">{sku}</span>}
                </span>
              ),
            },
            { key: 'store', header: 'Store', align: 'left', cell: ({ storeName }) => storeName },
            { key: 'pack', header: 'Pack of', cell: ({ packSize }) => formatCount(packSize) },
            {
              key: 'units',
              header: 'Units',
              cell: line => (
                <Entry
                  label={`Units of ${nameOf(line)}`}
                  value={String(line.units)}
                  inputMode="numeric"
                  onEntered={text => edit(line, { units: Number(text) })}
                />
              ),
            },
            {
              key: 'unit',
              header: 'Unit cost',
              cell: line => (
                <Entry
                  label={`Unit cost of ${nameOf(line)}`}
                  value={line.unitCost ?? ''}
                  inputMode="decimal"
                  onEntered={unitCost => edit(line, { unitCost })}
                />
              ),
            },
            {
              key: 'cost',
              header: `Cost, ${currency}`,
              cell: ({ cost }) => (cost === null ? '–' : formatMoney(cost, currency)),
            },
            {
              key: 'out',
              header: <span className="sr-only">Take out</span>,
              cell: line => (
                <Button
                  kind="row"
                  disabled={isBusy}
                  aria-label={`Take out ${nameOf(line)}`}
                  onClick={() => edit(line, { units: null })}
                >
                  Take out
                </Button>
              ),
            },
          ]}
        />
      </div>
      <div className="mt-3 grid grid-cols-1 items-end gap-3 sm:grid-cols-[repeat(3,minmax(0,12rem))_1fr]">
        <Field label={`Budget, ${currency}`}>
          <Entry
            label={`Budget, ${currency}`}
            value={order.budget ?? ''}
            inputMode="decimal"
            onEntered={text => void deeds.editDraft({ order: number, budget: text === '' ? null : text })}
          />
        </Field>
        <Field label="Note for the supplier" className="sm:col-span-2">
          <Entry
            label="Note for the supplier"
            value={order.note ?? ''}
            isWide
            onEntered={text => void deeds.editDraft({ order: number, note: text === '' ? null : text })}
          />
        </Field>
        <div className="flex flex-wrap justify-end gap-2">
          <Button
            disabled={isBusy}
            onClick={() => void deeds.discard(number).then(isDone => isDone && onDiscarded())}
          >
            Discard
          </Button>
          <Button
            disabled={isBusy || problems.length > 0}
            className="border-text bg-text text-bg hover:bg-text/90"
            onClick={() => void deeds.place(number)}
          >
            Place order
          </Button>
        </div>
      </div>
      <ShareOut order={order} deeds={deeds} isBusy={isBusy} />
      {terms.express ? (
        <label className="mt-3 flex min-h-9 items-center gap-2 text-xs">
          <input
            type="checkbox"
            className="size-4"
            checked={wantsExpress ?? order.isExpress}
            disabled={isBusy}
            onChange={({ target: { checked } }) => {
              setWantsExpress(checked)
              void deeds.editDraft({ order: number, isExpress: checked }).then(() => setWantsExpress(null))
            }}
          />
          Express: here within {plural(terms.express.minutes, 'minute')}, for{' '}
          {formatMoney(terms.express.fee, currency)} {currency} more
        </label>
      ) : null}
    </Card>
  )
}

/** Of a product that several stores want: what the supplier has of it, shared out by who runs out first. */
function ShareOut({ order, deeds, isBusy }: { order: Order; deeds: Deeds; isBusy: boolean }) {
  const shared = [...Map.groupBy(order.items, ({ sku }) => sku)].filter(([, lines]) => lines.length > 1)
  const [chosen, setChosen] = useState('')
  const [available, setAvailable] = useState('')
  if (shared.length === 0) return null
  const sku = shared.some(([own]) => own === chosen) ? chosen : (shared[0]?.[0] ?? '')
  return (
    <form
      className="mt-3 grid grid-cols-1 items-end gap-3 sm:grid-cols-[repeat(3,minmax(0,12rem))]"
      onSubmit={event => {
        event.preventDefault()
        void deeds.shareOut({ order: order.order, sku, available: Number(available) })
      }}
    >
      <SelectField
        label="Of what the supplier has too little"
        value={sku}
        options={shared.map(([own, lines]) => [own, lines[0]?.productName ?? own] as const)}
        onChange={setChosen}
      />
      <Field label="Units there are">
        <TextField
          inputMode="numeric"
          value={available}
          onChange={({ target }) => setAvailable(target.value)}
        />
      </Field>
      <Button type="submit" disabled={isBusy || available === ''}>
        Share out by need
      </Button>
    </form>
  )
}

/** A field that keeps what one types until it is left or Enter is pressed, and then shows what came of it. */
function Entry({
  label,
  value,
  inputMode,
  isWide = false,
  onEntered,
}: {
  label: string
  value: string
  inputMode?: 'numeric' | 'decimal'
  isWide?: boolean
  onEntered: (text: string) => void
}) {
  const [typed, setTyped] = useState<string | null>(null)
  function enter() {
    if (typed !== null && typed.trim() !== value) onEntered(typed.trim())
    setTyped(null)
  }
  return (
    <TextField
      aria-label={label}
      inputMode={inputMode}
      value={typed ?? value}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={enter}
      onKeyDown={({ key }) => {
        if (key === 'Enter') enter()
        if (key === 'Escape') setTyped(null)
      }}
      className={isWide ? '' : 'w-24 text-right'}
    />
  )
}

function nameOf({ productName, sku, storeName }: Line): string {
  return `${productName ?? sku}, ${storeName}`
}

function termsText({ minimumValue, deliveryDays }: Order['terms'], currency: string): string {
  const days = deliveryDays?.map(day => WEEKDAYS[day - 1]).join(', ')
  return [
    ...(minimumValue === null ? [] : [`orders from ${formatMoney(minimumValue, currency)} ${currency}`]),
    ...(days ? [`delivers ${days}`] : []),
  ].join(', ')
}
