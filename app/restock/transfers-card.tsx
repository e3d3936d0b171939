import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { formatCount } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, WaitingCard } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'

type Transfer = RouterOutputs['orders']['transfers']['transfers'][number]

const REFRESH_MS = 15_000

/** What another store could pass on sooner than a supplier delivers. Not there while there is nothing of the kind. */
export function TransfersCard({ zone, now }: { zone: string; now: number }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const query = useQuery({ ...trpc.orders.transfers.queryOptions(), refetchInterval: REFRESH_MS })
  const pass = useMutation({
    ...trpc.orders.transfer.mutationOptions(),
    onSettled: () =>
      Promise.all([trpc.orders, trpc.restock].map(of => queryClient.invalidateQueries(of.pathFilter()))),
  })
  const transfers = query.data?.transfers ?? []
  // Whether there is anything is not known: that is no reason to say nothing.
  if (query.data === undefined && query.error) {
    return <WaitingCard title="Sooner from another store" query={query} heightClass="h-20" />
  }
  if (transfers.length === 0 && !pass.isSuccess) return null
  return (
    <Card
      title="Sooner from another store"
      actions={
        <BasisPopover
          title="Sooner from another store"
          definition="A store gives what it has beyond its reorder point and a week of its sales, to a store of the same currency within three days of driving, where that is there before the next delivery. What is passed on leaves the one stock and is in the other at once: enter it when the van has come."
          bases={query.data && [streamBasisOf(query.data.basis, zone)]}
        />
      }
    >
      <CardContent query={query} skeleton={null}>
        {() => (
          <div className="flex max-h-80 flex-col">
            <DataTable
              caption="Sooner from another store"
              rows={transfers}
              rowKey={keyOf}
              columns={[
                {
                  key: 'product',
                  header: 'Product',
                  align: 'left',
                  cell: ({ productName, sku }) => productName ?? sku,
                },
                { key: 'from', header: 'From', align: 'left', cell: ({ fromName }) => fromName },
                { key: 'to', header: 'To', align: 'left', cell: ({ toName }) => toName },
                { key: 'units', header: 'Units', cell: ({ units }) => formatCount(units) },
                {
                  key: 'there',
                  header: 'There',
                  cell: ({ arrivesAt }) => formatMoment(arrivesAt, zone, now),
                },
                {
                  key: 'delivery',
                  header: 'Next delivery',
                  cell: ({ nextDeliveryAt }) =>
                    nextDeliveryAt === null ? 'not known' : formatMoment(nextDeliveryAt, zone, now),
                },
                {
                  key: 'pass',
                  header: <span className="sr-only">Pass on</span>,
                  cell: transfer => (
                    <Button
                      kind="row"
                      disabled={pass.isPending}
                      aria-label={`Pass on ${transfer.productName ?? transfer.sku} from ${transfer.fromName} to ${transfer.toName}`}
                      onClick={() =>
                        pass.mutate({
                          transfer: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2).padEnd(8, '0')}`,
                          from: transfer.from,
                          to: transfer.to,
                          sku: transfer.sku,
                          units: transfer.units,
                        })
                      }
                    >
                      Pass on
                    </Button>
                  ),
                },
              ]}
            />
          </div>
        )}
      </CardContent>
      <OutcomeLine done={pass.isSuccess ? 'It is booked.' : null} failed={pass.error?.message ?? null} />
    </Card>
  )
}

function keyOf({ from, to, sku }: Transfer): string {
  return JSON.stringify([from, to, sku])
}
