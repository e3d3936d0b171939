import { useInfiniteQuery } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { formatAge, formatMoment } from '#app/format/time.ts'
import { ProductName, RuleChip, storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'

type Scope = Parameters<ReturnType<typeof useTRPCClient>['restock']['alerts']['query']>[0]
type Alert = RouterOutputs['restock']['resolved']['alerts'][number]

/** The shortages that are over: how long they lasted, and who cared. */
export function HistoryCard({
  scope,
  stores,
  now,
  zone,
}: {
  scope: Scope
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const query = useInfiniteQuery({
    queryKey: [...trpc.restock.resolved.pathKey(), scope],
    queryFn: ({ pageParam, signal }) =>
      client.restock.resolved.query({ scope, cursor: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
  })
  const [first] = query.data?.pages ?? []
  return (
    <Card
      title="Resolved shortages"
      note={<PathTag path="stream" detail="newest first" />}
      actions={
        <BasisPopover
          title="Resolved shortages"
          definition="A shortage is over with the event that brought the stock above its reorder point, or above zero where there is no policy. Times are those of the events. The rule is the last one that held."
          bases={first && [streamBasisOf(first.basis, zone)]}
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ pages }) => pages.every(({ alerts }) => alerts.length === 0)}
        empty={<EmptyState what="No shortage has been resolved yet." />}
      >
        {({ pages }) => (
          <>
            <ResolvedTable
              alerts={pages.flatMap(({ alerts }) => alerts)}
              stores={stores}
              now={now}
              zone={zone}
            />
            <ShowMore query={query} className="mt-3 self-end" />
          </>
        )}
      </CardContent>
    </Card>
  )
}

function ResolvedTable({
  alerts,
  stores,
  now,
  zone,
}: {
  alerts: readonly Alert[]
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}) {
  return (
    <DataTable
      caption="Resolved shortages, newest first"
      rows={alerts}
      rowKey={({ alertId }) => alertId}
      columns={[
        { key: 'rule', header: 'Shortage', align: 'left', cell: ({ rule }) => <RuleChip rule={rule} /> },
        { key: 'product', header: 'Product', align: 'left', cell: alert => <ProductName alert={alert} /> },
        { key: 'store', header: 'Store', align: 'left', cell: ({ store }) => storeName(stores, store) },
        { key: 'opened', header: 'Opened', cell: ({ openedAt }) => formatMoment(openedAt, zone, now) },
        {
          key: 'resolved',
          header: 'Resolved',
          cell: ({ resolvedAt }) => (resolvedAt === null ? '–' : formatMoment(resolvedAt, zone, now)),
        },
        {
          key: 'lasted',
          header: 'Lasted',
          cell: ({ openedAt, resolvedAt }) => (resolvedAt === null ? '–' : formatAge(resolvedAt - openedAt)),
        },
        { key: 'hand', header: 'On hand then', cell: ({ onHand }) => formatCount(onHand) },
        {
          key: 'who',
          header: 'Taken care of',
          align: 'left',
          cell: ({ handling }) =>
            handling === null ? (
              <span className="text-muted">–</span>
            ) : (
              `${handling.kind} by ${handling.by ?? 'somebody'}`
            ),
        },
      ]}
    />
  )
}
