import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'

/** Pairs of an hour move slowly, and are counted when asked for. */
const REFRESH_MS = 30_000

/** What goes into one basket. */
export function BasketPairsCard({ scope: { stores, zone } }: { scope: SalesScope }) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.live.pairs.queryOptions({ stores: [...stores] }),
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
  const { data } = query
  return (
    <Card
      title="Bought together"
      actions={
        <BasisPopover
          title="Bought together"
          definition={`Pairs of products that stood in one order twice or more in the last hour, by the time of the sale; placed less voided. The orders of the log are paired as far as the stream has read it, of each the first ten products. Counted anew every ${REFRESH_MS / 1_000} s.`}
          bases={data && [streamBasisOf(data.basis, zone)]}
        />
      }
    >
      <div className="flex h-80 flex-col">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-76" />}
          isEmpty={({ pairs }) => pairs.length === 0}
          empty={<EmptyState what="No two products were bought together twice in the last hour." />}
        >
          {({ pairs, baskets, since, onlySince }) => (
            <>
              <p className="mb-2 flex flex-wrap items-center gap-x-2 text-2xs text-muted">
                <PathTag path="stream" detail={`since ${formatTime(onlySince ?? since, zone)}`} />
                <span>
                  {onlySince === null
                    ? `${plural(baskets, 'order')} of two products or more`
                    : `a flood: only what came since ${formatTime(onlySince, zone, { seconds: true })}`}
                </span>
              </p>
              <DataTable
                caption="Products bought together in the last hour"
                rows={pairs}
                rowKey={({ skus }) => skus.join(' ')}
                columns={[
                  {
                    key: 'pair',
                    header: 'Products',
                    align: 'left',
                    className: 'max-w-64 truncate',
                    cell: ({ skus, names }) => (
                      <span title={skus.join(' + ')}>
                        {names[0] ?? skus[0]} + {names[1] ?? skus[1]}
                      </span>
                    ),
                  },
                  { key: 'orders', header: 'Orders', cell: ({ orders }) => formatCount(orders) },
                ]}
              />
            </>
          )}
        </CardContent>
      </div>
    </Card>
  )
}
