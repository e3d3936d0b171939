import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatShortAge, formatTime } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import { MINUTE_MS } from '#domain/instant.ts'

const REFRESH_MS = 10_000

/** Who orders in the web shop now: bursts of orders, each a session. */
export function SessionsCard({
  scope: { stores, currency, zone },
  allStores,
}: {
  scope: SalesScope
  allStores: readonly StoreSummary[]
}) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.live.sessions.queryOptions({ stores: [...stores], currency }),
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
  const { data } = query
  const nameOf = (id: string) => allStores.find(({ store }) => store === id)?.name ?? id
  return (
    <Card
      title="Online sessions"
      unit={currency}
      actions={
        <BasisPopover
          title="Online sessions"
          definition={`Orders of one session of the web shop, or of one customer where none was sent, belong together until ${data ? data.gapMs / MINUTE_MS : 30} minutes pass without another. Shown are sessions that ordered within the last hour, by the time of the order, as the orders were placed: voids and returns are not taken off. Read anew every ${REFRESH_MS / 1_000} s.`}
          bases={data && [streamBasisOf(data.basis, zone)]}
        />
      }
    >
      <div className="flex h-80 flex-col">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-76" />}
          isEmpty={({ sessions }) => sessions === 0}
          empty={<EmptyState what={`No session ordered in ${currency} within the last hour.`} />}
        >
          {({ sessions, open, orderingAgain, orders, net, newest, since }) => (
            <>
              <p className="mb-2 flex flex-wrap items-center gap-x-2 text-2xs text-muted">
                <PathTag path="stream" detail={`since ${formatTime(since, zone)}`} />
                <span>
                  {plural(sessions, 'session')}, {formatCount(open)} open, {formatCount(orderingAgain)} with
                  more than one order; {plural(orders, 'order')}, net {formatMoney(net, currency)}
                </span>
              </p>
              <DataTable
                caption="Sessions that ordered last"
                rows={newest}
                rowKey={({ sessionId }) => sessionId}
                columns={[
                  {
                    key: 'start',
                    header: 'Began',
                    align: 'left',
                    cell: ({ start }) => formatTime(start, zone),
                  },
                  {
                    key: 'store',
                    header: 'Store',
                    align: 'left',
                    className: 'max-w-32 truncate',
                    cell: ({ store }) => nameOf(store),
                  },
                  {
                    key: 'length',
                    header: 'Lasted',
                    cell: ({ start, end }) => formatShortAge(end - start),
                  },
                  { key: 'orders', header: 'Orders', cell: session => formatCount(session.orders) },
                  { key: 'net', header: 'Net', cell: session => formatMoney(session.net, currency) },
                  {
                    key: 'open',
                    header: 'State',
                    align: 'left',
                    cell: ({ isOpen }) => (
                      <Chip tone={isOpen ? 'good' : 'plain'}>{isOpen ? 'open' : 'over'}</Chip>
                    ),
                  },
                ]}
              />
            </>
          )}
        </CardContent>
      </div>
    </Card>
  )
}
