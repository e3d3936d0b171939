import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'

const REFRESH_MS = 10_000

const SPANS = [
  { value: '15', label: '15 min' },
  { value: '60', label: '60 min' },
] as const

type Minutes = 15 | 60

function useTopProducts({ stores, minutes }: { stores: readonly string[]; minutes: Minutes }) {
  const trpc = useTRPC()
  return useQuery({
    ...trpc.live.topProducts.queryOptions({ stores: [...stores], minutes }),
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
}

/** What sells best right now, how fast, and where it sells fastest. */
export function TopProductsCard({
  scope: { stores, zone },
  allStores,
  minutes,
  onMinutes,
}: {
  scope: SalesScope
  allStores: readonly StoreSummary[]
  minutes: Minutes
  onMinutes: (minutes: Minutes) => void
}) {
  const query = useTopProducts({ stores, minutes })
  const { data } = query
  const nameOf = (id: string) => allStores.find(({ store }) => store === id)?.name ?? id
  return (
    <Card
      title="Top products"
      className="@container"
      actions={
        <>
          <SegmentedControl
            label="Top products of the last"
            segments={SPANS}
            value={minutes === 15 ? '15' : '60'}
            onChange={value => onMinutes(value === '15' ? 15 : 60)}
          />
          <BasisPopover
            title="Top products"
            definition={`The ten products of which most units were sold, by the time of the sale, in a window of ${minutes} minutes that slides every five: it ends with the five minutes that are open. Ordered less voided; what is brought back is not taken off. An hour: units an hour over as much of the window as has passed, and the store in which the product sells fastest. A sale that comes late counts where it belongs. Read anew every ${REFRESH_MS / 1_000} s.`}
            bases={data && [streamBasisOf(data.basis, zone)]}
          />
        </>
      }
    >
      <div className="flex h-92 flex-col">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-88" />}
          isEmpty={({ products }) => products.length === 0}
          empty={<EmptyState what={`Nothing was sold in the last ${minutes} minutes.`} />}
        >
          {({ products, window }) => (
            <>
              <WindowNote window={window} zone={zone} />
              <DataTable
                caption={`Top products of the last ${minutes} minutes`}
                rows={products}
                rowKey={({ sku }) => sku}
                columns={[
                  {
                    key: 'product',
                    header: 'Product',
                    align: 'left',
                    className: 'max-w-32 truncate',
                    cell: ({ name, sku }) => <span title={sku}>{name ?? sku}</span>,
                  },
                  { key: 'units', header: 'Units', cell: ({ units }) => formatCount(units) },
                  {
                    key: 'velocity',
                    header: 'An hour',
                    cell: ({ unitsAnHour }) => formatCount(Math.round(unitsAnHour)),
                  },
                  {
                    key: 'fastest',
                    header: 'Fastest in',
                    align: 'left',
                    className: 'max-w-24 truncate @max-[20rem]:hidden',
                    cell: ({ fastest }) => (
                      <span title={`${formatCount(Math.round(fastest.unitsAnHour))} units an hour`}>
                        {nameOf(fastest.store)}
                      </span>
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

/** The same window, by what the products are. */
export function TopCategoriesCard({
  scope: { stores, zone },
  minutes,
}: {
  scope: SalesScope
  minutes: Minutes
}) {
  const query = useTopProducts({ stores, minutes })
  const { data } = query
  return (
    <Card
      title="Top categories"
      actions={
        <BasisPopover
          title="Top categories"
          definition={`Units sold in the window of the top products (${minutes} minutes, sliding every five), by the category in which the catalogue has each product now, and their share of all units in the window.`}
          bases={data && [streamBasisOf(data.basis, zone)]}
        />
      }
    >
      <div className="flex h-80 flex-col">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-76" />}
          isEmpty={({ categories }) => categories.length === 0}
          empty={<EmptyState what={`Nothing was sold in the last ${minutes} minutes.`} />}
        >
          {({ categories, window }) => (
            <>
              <WindowNote window={window} zone={zone} />
              <DataTable
                caption={`Top categories of the last ${minutes} minutes`}
                rows={categories}
                rowKey={({ category }) => category ?? ''}
                columns={[
                  {
                    key: 'category',
                    header: 'Category',
                    align: 'left',
                    className: 'max-w-48 truncate',
                    cell: ({ category }) => category ?? 'in no category',
                  },
                  { key: 'units', header: 'Units', cell: ({ units }) => formatCount(units) },
                  { key: 'share', header: 'Share', cell: ({ share }) => `${Math.round(share * 100)}%` },
                ]}
              />
            </>
          )}
        </CardContent>
      </div>
    </Card>
  )
}

function WindowNote({
  window,
  zone,
}: {
  window: RouterOutputs['live']['topProducts']['window']
  zone: string
}) {
  return (
    <p className="mb-2 text-2xs text-muted">
      <PathTag
        path="stream"
        detail={`window ${formatTime(window.start, zone)} to ${formatTime(window.end, zone)}`}
      />
    </p>
  )
}
