import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useRowKeys } from '#app/restock/use-row-keys.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, RowSkeletons } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { moneyText, shelfColumns, shelfId } from './hint-columns.tsx'
import type { ThoughtPrice } from './price-dialog.tsx'
import { unitsText } from './price-words.ts'

type LiveHint = RouterOutputs['prices']['liveHints']['hints'][number]

/** It is worked out anew each time, from every shelf. */
const REFRESH_MS = 30_000

/** What sells so fast that it is gone before help, and what has stopped to sell: the price that helps now. */
export function LiveHintsCard({
  scope,
  stores,
  now,
  zone,
  onThought,
}: {
  scope: { stores?: string[] }
  stores: readonly StoreSummary[]
  now: number
  zone: string
  onThought: (thought: ThoughtPrice) => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const query = useQuery({
    ...trpc.prices.liveHints.queryOptions({ stores: scope.stores ?? [] }),
    refetchInterval: REFRESH_MS,
  })
  const end = useMutation({
    ...trpc.prices.end.mutationOptions(),
    onSettled: () => queryClient.invalidateQueries(trpc.prices.pathFilter()),
  })
  return (
    <Card
      title="Prices that help now"
      note={<PathTag path="stream" detail="as of this minute" />}
      actions={
        <BasisPopover
          title="Prices that help now"
          definition="Sells out: the shelf will be empty before the next delivery, and it sells half as fast again as foreseen, or at a price that was brought down; the least step of 5%, at most 15% a day, at which it lasts. Has stopped to sell: all stores together have sold so little of it, in proportion to what was foreseen since the last one each, as chance makes it once in a thousand, and three weeks of it lie there; the least step, at most 30% and never below cost, that brings it back to what was foreseen, for two days. Units are of that time, with the range of eight cases of ten."
          bases={query.data && [streamBasisOf(query.data.basis, zone)]}
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<RowSkeletons rows={3} />}
        isEmpty={({ hints }) => hints.length === 0}
        empty={
          <EmptyState
            what="No price helps now."
            advice="Nothing sells out by its price, and nothing has stopped to sell, where demand is forecast and costs are known."
          />
        }
      >
        {({ hints }) => (
          <LiveHintsTable
            hints={hints}
            stores={stores}
            clock={{ zone, now }}
            onThought={onThought}
            isBusy={end.isPending}
            onEnd={priceChange => end.mutate({ priceChange })}
          />
        )}
      </CardContent>
      {end.isSuccess || end.isError ? (
        <OutcomeLine
          done={end.isSuccess ? 'It is ended: what is usual is asked again.' : null}
          failed={end.error?.message ?? null}
        />
      ) : null}
    </Card>
  )
}

function LiveHintsTable({
  hints,
  stores,
  clock: { zone, now },
  onThought,
  isBusy,
  onEnd,
}: {
  hints: readonly LiveHint[]
  stores: readonly StoreSummary[]
  clock: { zone: string; now: number }
  onThought: (thought: ThoughtPrice) => void
  isBusy: boolean
  onEnd: (priceChange: string) => void
}) {
  const act = (hint: LiveHint) => {
    const { store, sku, productName, kind, price, holds, isOnOffer } = hint
    if (kind === 'end offer' && holds !== null) onEnd(holds)
    else if (kind !== 'end offer' || !isOnOffer) {
      onThought({ store, sku, kind, price, name: `${productName ?? sku}, ${storeName(stores, store)}` })
    }
  }
  const { rowProps } = useRowKeys(hints.map(shelfId), {
    p: id => {
      const hint = hints.find(one => shelfId(one) === id)
      if (hint) act(hint)
    },
  })
  return (
    <DataTable
      caption="Prices that help now, most money first"
      rows={hints}
      rowKey={shelfId}
      rowProps={hint => rowProps(shelfId(hint))}
      keepsFirstColumn
      columns={[
        ...shelfColumns(stores),
        { key: 'pace', header: 'Pace', cell: ({ pace }) => `${pace.toFixed(1)}×` },
        {
          key: 'out',
          header: 'Gone, and help',
          align: 'left',
          cell: ({ runsOutAt, helpAt }) =>
            helpAt === null ? (
              <span className="text-muted">–</span>
            ) : (
              <>
                {runsOutAt === null ? 'later' : formatMoment(runsOutAt, zone, now)}{' '}
                <span className="text-muted">help {formatMoment(helpAt, zone, now)}</span>
              </>
            ),
        },
        { key: 'now', header: 'Price now', cell: ({ priceNow, currency }) => moneyText(priceNow, currency) },
        {
          key: 'price',
          header: 'Would help',
          cell: ({ price, change, currency }) => (
            <>
              <span className="font-medium">{moneyText(price, currency)}</span>{' '}
              <span className="text-muted">{changeText(change)}</span>
            </>
          ),
        },
        {
          key: 'units',
          header: 'Units until then',
          cell: ({ unitsNow, units, unitsLow, unitsHigh, hours }) => (
            <>
              {unitsText(unitsNow)} → {unitsText(units)}{' '}
              <span className="text-muted">
                ({unitsText(unitsLow)}–{unitsText(unitsHigh)}) in {hoursText(hours)}
              </span>
            </>
          ),
        },
        {
          key: 'set',
          header: <span className="sr-only">Do it</span>,
          cell: hint =>
            hint.kind === 'end offer' && hint.isOnOffer && hint.holds === null ? (
              <span className="text-2xs text-muted">ends where it is announced</span>
            ) : (
              <Button
                kind="row"
                disabled={isBusy}
                aria-label={`${hint.kind === 'end offer' ? 'End the offer of' : 'Set a price for'} ${hint.productName ?? hint.sku} in ${storeName(stores, hint.store)}`}
                onClick={() => act(hint)}
              >
                {hint.kind === 'end offer' && hint.holds !== null ? 'End' : 'Set'}
              </Button>
            ),
        },
      ]}
    />
  )
}

function changeText(change: number): string {
  return `${change < 0 ? '−' : '+'}${Math.round(Math.abs(change) * 100)}%`
}

function hoursText(hours: number): string {
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`
}
