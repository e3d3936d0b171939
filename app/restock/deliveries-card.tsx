import { useQuery } from '@tanstack/react-query'
import { formatCount, plural } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC, type useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'

type Scope = Parameters<ReturnType<typeof useTRPCClient>['restock']['deliveries']['query']>[0]
type Delivery = RouterOutputs['restock']['deliveries']['deliveries'][number]

const REFRESH_MS = 15_000

/** What came without having been ordered, or beyond what was: to be sent back, paid for, or ordered after all. */
export function DeliveriesCard({
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
  const query = useQuery({
    ...trpc.restock.deliveries.queryOptions(scope),
    refetchInterval: REFRESH_MS,
  })
  return (
    <Card
      title="Deliveries beyond their orders"
      note={<PathTag path="stream" detail="newest first" />}
      actions={
        <BasisPopover
          title="Deliveries beyond their orders"
          definition="Per purchase order and product: units received, less those ordered and not cancelled. An order that no event has placed shows as not ordered. What is open of an order never falls below zero, so none of these units hides what another order still owes."
          bases={query.data && [streamBasisOf(query.data.basis, zone)]}
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ total }) => total === 0}
        empty={<EmptyState what="No purchase order has received more than was ordered." />}
      >
        {({ deliveries, total }) => (
          <>
            <DeliveriesTable deliveries={deliveries} stores={stores} now={now} zone={zone} />
            {total > deliveries.length ? (
              <p className="mt-2 text-2xs text-muted">
                The newest {formatCount(deliveries.length)} of {plural(total, 'delivery', 'deliveries')}.
              </p>
            ) : null}
          </>
        )}
      </CardContent>
    </Card>
  )
}

function DeliveriesTable({
  deliveries,
  stores,
  now,
  zone,
}: {
  deliveries: readonly Delivery[]
  stores: readonly StoreSummary[]
  now: Instant
  zone: string
}) {
  return (
    <DataTable
      caption="Deliveries beyond their orders, newest first"
      rows={deliveries}
      rowKey={({ store, purchaseOrder, sku }) => JSON.stringify([store, purchaseOrder, sku])}
      columns={[
        { key: 'state', header: 'State', align: 'left', cell: ({ state }) => <Chip>{state}</Chip> },
        { key: 'order', header: 'Purchase order', align: 'left', cell: ({ purchaseOrder }) => purchaseOrder },
        {
          key: 'product',
          header: 'Product',
          align: 'left',
          cell: ({ sku, productName }) => (productName === null ? sku : `${productName} (${sku})`),
        },
        { key: 'store', header: 'Store', align: 'left', cell: ({ store }) => storeName(stores, store) },
        { key: 'ordered', header: 'Ordered', cell: ({ ordered }) => formatCount(ordered) },
        { key: 'cancelled', header: 'Cancelled', cell: ({ cancelled }) => formatCount(cancelled) },
        { key: 'received', header: 'Received', cell: ({ received }) => formatCount(received) },
        { key: 'over', header: 'Beyond', cell: ({ over }) => formatCount(over) },
        { key: 'at', header: 'Last event', cell: ({ asOf }) => formatMoment(asOf, zone, now) },
      ]}
    />
  )
}
