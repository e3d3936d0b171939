import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { SalesScope } from '#app/controls/scope.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
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

/** What sells best right now, by net sales. */
export function TopProductsCard({
  scope: { stores, currency, zone },
  minutes,
  onMinutes,
}: {
  scope: SalesScope
  minutes: 15 | 60
  onMinutes: (minutes: 15 | 60) => void
}) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.live.topProducts.queryOptions({ stores: [...stores], currency, minutes }),
    refetchInterval: REFRESH_MS,
    staleTime: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
  const { data } = query
  return (
    <Card
      title="Top products"
      unit={currency}
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
            definition={`The ten products with the highest net sales of the last ${minutes} minutes, by the time of the sale: the lines of the order log as far as the stream has read it. Units are those ordered less those voided; returns are taken off the net. Read anew every ${REFRESH_MS / 1_000} s.`}
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
          empty={<EmptyState what={`Nothing was sold in ${currency} in the last ${minutes} minutes.`} />}
        >
          {({ products, since, onlySince }) => (
            <>
              <p className="mb-2 text-2xs text-muted">
                <PathTag
                  path="stream"
                  detail={
                    onlySince === null
                      ? `since ${formatTime(since, zone)}`
                      : `a flood: only what came since ${formatTime(onlySince, zone, { seconds: true })}`
                  }
                />
              </p>
              <DataTable
                caption={`Top products of the last ${minutes} minutes`}
                rows={products}
                rowKey={({ sku }) => sku}
                columns={[
                  {
                    key: 'product',
                    header: 'Product',
                    align: 'left',
                    className: 'max-w-40 truncate',
                    cell: ({ name, sku }) => <span title={sku}>{name ?? sku}</span>,
                  },
                  { key: 'units', header: 'Units', cell: ({ units }) => formatCount(units) },
                  { key: 'net', header: 'Net sales', cell: ({ net }) => formatMoney(net, currency) },
                ]}
              />
            </>
          )}
        </CardContent>
      </div>
    </Card>
  )
}
