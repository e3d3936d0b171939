'use client'

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { plural } from '#app/format/number.ts'
import { formatZone } from '#app/format/time.ts'
import { MutesCard } from '#app/restock/orders/mutes-card.tsx'
import { orderAddress } from '#app/restock/orders/order-address.ts'
import {
  OrderChips,
  type OrderOnBoard,
  orderMoment,
  orderValue,
  ReceivedBar,
} from '#app/restock/orders/order-parts.tsx'
import { RulesCard } from '#app/restock/orders/rules-card.tsx'
import { useOrderDeeds } from '#app/restock/orders/use-orders.ts'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { OutcomeLine } from '#app/ui/form.tsx'

const REFRESH_MS = 5_000

interface Column {
  title: string
  states: readonly OrderOnBoard['state'][]
  definition: string
  empty: { what: string; advice: string }
}

const COLUMNS: readonly Column[] = [
  {
    title: 'Draft',
    states: ['draft'],
    definition:
      'One order to each supplier and currency, as long as nobody has placed it. It can be changed, and costs nothing yet.',
    empty: {
      what: 'No draft.',
      advice: 'Choose lines under Restock, To order: they are drafted by supplier.',
    },
  },
  {
    title: 'Placed',
    states: ['sending', 'placed', 'confirmed'],
    definition:
      'Orders whose event is in the log, or on its way there. Confirmed: the supplier has said when it comes.',
    empty: { what: 'Nothing is on its way.', advice: 'Placing a draft puts it here.' },
  },
  {
    title: 'Late',
    states: ['late'],
    definition: 'Something of it is open past the time that the supplier said last, or that was asked for.',
    empty: { what: 'Nothing is late.', advice: '' },
  },
  {
    title: 'Received',
    states: ['received', 'cancelled'],
    definition:
      'Nothing more is expected of it: all has come, or the rest was cancelled. It stays here for 14 days.',
    empty: { what: 'Nothing has come yet.', advice: '' },
  },
]

/** The buyer's orders, by how they stand. */
export function OrdersPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const overview = useOverview()
  const board = useQuery({
    ...trpc.orders.board.queryOptions(),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
  useRefreshOnChange(() => queryClient.invalidateQueries(trpc.orders.pathFilter()), { of: 'alerts' })
  const freshness = useFreshness({ queries: [board], answered: board.data?.stand })
  const zone = overview.data?.stores[0]?.zone ?? 'UTC'
  const now = useServerNow(board) ?? board.data?.now ?? 0
  const { deeds, isBusy, outcome } = useOrderDeeds()
  return (
    <PageFrame
      title="Orders"
      freshness={freshness}
      zone={zone}
      controls={
        <Link href="/restock?view=order" className={buttonLook()}>
          What to order
        </Link>
      }
      note={`How an order stands follows from its events: what was placed, what the supplier said, what has come. Times are those of ${formatZone(zone, now === 0 ? null : now)}.`}
    >
      <OutcomeLine {...outcome} />
      <div className="grid grid-cols-1 items-start gap-3 sm:grid-cols-2 2xl:grid-cols-4">
        {COLUMNS.map(column => {
          const orders = board.data?.orders.filter(({ state }) => column.states.includes(state))
          return (
            <Card
              key={column.title}
              title={column.title}
              note={orders && orders.length > 0 ? plural(orders.length, 'order') : undefined}
              actions={
                <BasisPopover
                  title={column.title}
                  definition={column.definition}
                  bases={board.data && [streamBasisOf(board.data.basis, zone)]}
                />
              }
            >
              <CardContent
                query={board}
                skeleton={<Skeleton className="h-40" />}
                isEmpty={() => orders?.length === 0}
                empty={<EmptyState {...column.empty} />}
                staleNote={column.title === 'Draft'}
              >
                {() => (
                  <ul aria-label={column.title} className="grid gap-2">
                    {orders?.map(order => (
                      <OrderItem key={order.order} order={order} moment={orderMoment(order, { now, zone })}>
                        {order.state === 'draft' ? (
                          <Button
                            kind="row"
                            disabled={isBusy}
                            aria-label={`Place ${order.order}`}
                            onClick={() => void deeds.place(order.order)}
                          >
                            Place
                          </Button>
                        ) : null}
                      </OrderItem>
                    ))}
                  </ul>
                )}
              </CardContent>
            </Card>
          )
        })}
      </div>
      <div className="mt-3 grid grid-cols-1 items-start gap-3 xl:grid-cols-2">
        <RulesCard
          suppliers={board.data?.suppliers}
          stores={overview.data?.stores ?? []}
          now={now}
          zone={zone}
        />
        <MutesCard
          suppliers={board.data?.suppliers ?? []}
          stores={overview.data?.stores ?? []}
          now={now}
          zone={zone}
        />
      </div>
    </PageFrame>
  )
}

function OrderItem({
  order,
  moment,
  children,
}: {
  order: OrderOnBoard
  moment: string
  children: ReactNode
}) {
  const { order: number, supplierName, lines, stores, placedBy, createdBy, placedAt } = order
  const by = placedBy ?? createdBy
  return (
    <li className="grid gap-1.5 rounded-control border border-line p-3 text-xs">
      <div className="flex items-start justify-between gap-2">
        <Link
          href={orderAddress(number)}
          className="min-w-0 font-medium underline-offset-2 hover:underline pointer-coarse:py-2"
        >
          {supplierName}
          <span className="block text-2xs font-normal text-muted">{number}</span>
        </Link>
        <OrderChips order={order} />
      </div>
      <p className="flex justify-between gap-2">
        <span className="text-muted">
          {plural(lines, 'line')}, {stores.length === 1 ? stores[0] : plural(stores.length, 'store')}
        </span>
        <span>{orderValue(order)}</span>
      </p>
      {placedAt === null ? null : <ReceivedBar order={order} />}
      <div className="flex items-center justify-between gap-2">
        <p className="text-2xs text-muted">
          {moment}
          {by === null ? '' : `, ${by}`}
        </p>
        {children}
      </div>
    </li>
  )
}
