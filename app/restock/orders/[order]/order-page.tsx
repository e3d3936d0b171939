'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, Printer } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment, formatMoment, formatZone } from '#app/format/time.ts'
import { DraftCard } from '#app/restock/orders/[order]/draft-card.tsx'
import { ReceiveCard } from '#app/restock/orders/[order]/receive-card.tsx'
import { orderAddress } from '#app/restock/orders/order-address.ts'
import {
  type Order,
  OrderChips,
  orderMoment,
  orderValue,
  ProductCell,
} from '#app/restock/orders/order-parts.tsx'
import { useOrderDeeds } from '#app/restock/orders/use-orders.ts'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { buttonLook } from '#app/ui/button.tsx'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'

const REFRESH_MS = 5_000

/** One order: what is on it, what became of it, and what can be done about it now. */
export function OrderPage({ order }: { order: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const router = useRouter()
  const overview = useOverview()
  const query = useQuery({
    ...trpc.orders.get.queryOptions({ order }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.orders.pathFilter()), { of: 'alerts' })
  const freshness = useFreshness({ queries: [query], answered: query.data?.stand })
  const zone = overview.data?.stores[0]?.zone ?? 'UTC'
  const now = useServerNow(query) ?? query.data?.now ?? 0
  const { deeds, isBusy, outcome } = useOrderDeeds()
  const address = orderAddress(order)
  return (
    <PageFrame
      title={order}
      freshness={freshness}
      zone={zone}
      controls={
        <>
          <Link href="/restock/orders" className={buttonLook()}>
            All orders
          </Link>
          <Link href={`${address}/print`} className={buttonLook()}>
            <Printer className="size-4 text-muted" />
            Print
          </Link>
          <a href={`${address}/order.csv`} download className={buttonLook()}>
            <Download className="size-4 text-muted" />
            CSV
          </a>
        </>
      }
      note={`Times are those of ${formatZone(zone, now === 0 ? null : now)}.`}
    >
      <OutcomeLine {...outcome} />
      <div className="grid gap-3">
        <Card
          title={query.data?.supplierName ?? 'Order'}
          note={query.data ? <OrderChips order={query.data} /> : undefined}
          actions={
            <BasisPopover
              title="Order"
              definition="What was ordered stands here; what the supplier said and what has come are events that the stream has counted, or that were entered here a moment ago."
              bases={query.data && [streamBasisOf(query.data.basis, zone)]}
            />
          }
        >
          <CardContent query={query} skeleton={<Skeleton className="h-24" />}>
            {data => <Facts order={data} now={now} zone={zone} />}
          </CardContent>
        </Card>
        {query.data?.state === 'draft' ? (
          <DraftCard
            order={query.data}
            deeds={deeds}
            isBusy={isBusy}
            onDiscarded={() => router.push('/restock/orders')}
          />
        ) : null}
        {query.data && query.data.open > 0 ? (
          <ReceiveCard order={query.data} deeds={deeds} isBusy={isBusy} now={now} />
        ) : null}
        {query.data && query.data.state !== 'draft' ? <LinesCard order={query.data} /> : null}
        {query.data && query.data.doings.length > 0 ? (
          <DoingsCard order={query.data} zone={zone} now={now} />
        ) : null}
      </div>
    </PageFrame>
  )
}

function Facts({ order, now, zone }: { order: Order; now: number; zone: string }) {
  const facts: [name: string, value: string][] = [
    ['Value', orderValue(order)],
    ['Lines', formatCount(order.lines)],
    ['Stores', order.stores.join(', ') || '–'],
    [order.state === 'draft' ? 'Since' : 'Comes', orderMoment(order, { now, zone }) || '–'],
    ['Drafted by', order.autoRule === null ? (order.createdBy ?? 'somebody') : `rule ${order.autoRule}`],
    ...(order.placedAt === null
      ? []
      : (
          [
            ['Placed', `${formatMoment(order.placedAt, zone, now)} by ${order.placedBy ?? 'somebody'}`],
          ] as const
        ).map(([name, value]): [string, string] => [name, value])),
    ...(order.confirmedAt === null
      ? []
      : ([['Confirmed', formatMoment(order.confirmedAt, zone, now)]] as [string, string][])),
    ...(order.note === null ? [] : ([['Note', order.note]] as [string, string][])),
  ]
  return (
    <>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))] gap-x-4 gap-y-2 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-2xs text-muted">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
      {order.refusal === null ? null : (
        <p role="alert" className="mt-3 text-xs text-bad">
          The intake refused something of it: {order.refusal}
        </p>
      )}
    </>
  )
}

const LINE_WORDS: Record<Order['items'][number]['state'], { word: string; tone: 'plain' | 'good' | 'bad' }> =
  {
    open: { word: 'open', tone: 'plain' },
    'in part': { word: 'in part', tone: 'plain' },
    received: { word: 'received', tone: 'good' },
    short: { word: 'short', tone: 'bad' },
    over: { word: 'too many', tone: 'bad' },
    cancelled: { word: 'cancelled', tone: 'plain' },
  }

function LinesCard({ order }: { order: Order }) {
  return (
    <Card title="Lines" note={plural(order.items.length, 'line')}>
      <div className="flex max-h-160 flex-col">
        <DataTable
          caption="Lines of the order"
          rows={order.items}
          rowKey={({ store, sku }) => JSON.stringify([store, sku])}
          columns={[
            {
              key: 'product',
              header: 'Product',
              align: 'left',
              cell: ({ productName, sku }) => <ProductCell productName={productName} sku={sku} />,
            },
            { key: 'store', header: 'Store', align: 'left', cell: ({ storeName }) => storeName },
            { key: 'ordered', header: 'Ordered', cell: ({ units }) => formatCount(units) },
            { key: 'received', header: 'Received', cell: ({ received }) => formatCount(received) },
            { key: 'cancelled', header: 'Cancelled', cell: ({ cancelled }) => formatCount(cancelled) },
            { key: 'open', header: 'Open', cell: ({ open }) => formatCount(open) },
            {
              key: 'cost',
              header: 'Cost',
              cell: ({ cost }) => (cost === null ? '–' : formatMoney(cost, order.currency)),
            },
            {
              key: 'state',
              header: 'State',
              align: 'left',
              cell: ({ state, over }) => (
                <Chip tone={LINE_WORDS[state].tone}>
                  {state === 'over' ? `${over} ${LINE_WORDS.over.word}` : LINE_WORDS[state].word}
                </Chip>
              ),
            },
          ]}
        />
      </div>
    </Card>
  )
}

const DOINGS: Record<string, string> = {
  'purchase.placed': 'ordered for',
  'purchase.confirmed': 'confirmed for',
  'purchase.cancelled': 'cancelled for',
  'stock.received': 'received at',
}

function DoingsCard({ order, zone, now }: { order: Order; zone: string; now: number }) {
  return (
    <Card title="What was entered" note="what suppliers deliver by themselves is not among it">
      <ol className="grid gap-1 text-xs">
        {order.doings.map(({ kind, store, units, by, at, state }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: only ever added to at the end
          <li key={index} className="flex flex-wrap gap-x-2">
            <span className="w-28 shrink-0 text-muted" title={formatFullMoment(at, zone)}>
              {formatMoment(at, zone, now, { seconds: true })}
            </span>
            <span>
              {plural(units, 'unit')} {DOINGS[kind] ?? kind} {store} by {by ?? 'somebody'}
            </span>
            {state === 'sent' ? null : <Chip tone={state === 'refused' ? 'bad' : 'plain'}>{state}</Chip>}
          </li>
        ))}
      </ol>
    </Card>
  )
}
