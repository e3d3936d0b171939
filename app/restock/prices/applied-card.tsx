import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { formatMoney, formatSignedMoney } from '#app/format/money.ts'
import { formatCount, NO_FIGURE } from '#app/format/number.ts'
import { formatFullMoment, formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useRowKeys } from '#app/restock/use-row-keys.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, RowSkeletons } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip, PathMarker, PathTag } from '#app/ui/marks.tsx'
import { formatAmount, parseAmount } from '#domain/money.ts'
import { storeColumn } from './hint-columns.tsx'
import { KIND_TEXTS, unitsText, VERDICT_TEXTS } from './price-words.ts'

type Answer = RouterOutputs['prices']['applied']
type Applied = Answer['prices'][number]
type Effect = Applied['live']

const REFRESH_MS = 10_000

const STATES: Record<Applied['state'], { chip: string; tone?: 'plain' | 'good' | 'bad' }> = {
  waiting: { chip: 'on its way to the log' },
  planned: { chip: 'begins later' },
  holds: { chip: 'holds', tone: 'good' },
  ended: { chip: 'ended' },
  refused: { chip: 'refused', tone: 'bad' },
}

/** Prices that people set, with what each has done against what was foreseen when it was set. */
export function AppliedCard({
  scope,
  stores,
  now,
  zone,
}: {
  scope: { stores?: string[] }
  stores: readonly StoreSummary[]
  now: number
  zone: string
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const query = useQuery({
    ...trpc.prices.applied.queryOptions({ stores: scope.stores ?? [] }),
    refetchInterval: REFRESH_MS,
  })
  const end = useMutation({
    ...trpc.prices.end.mutationOptions(),
    onSettled: () => queryClient.invalidateQueries(trpc.prices.pathFilter()),
  })
  const night = query.data?.prices.find(price => price.night !== null)?.night
  return (
    <Card
      title="Prices that were set"
      note={<PathTag path="stream" detail="what they did" />}
      actions={
        <BasisPopover
          title="Prices that were set"
          definition="What was sold since a price holds, less voided, against the forecast of when it was set: at the old price, and at the new one with the range of eight cases of ten, by how customers of the category answered to offers and how demand scatters. Margin is what was taken less what it has cost; beside it what the forecast at the old price would have left. The square is what the night counted; the rest the log holds since. An ended price is shown for 28 days."
          bases={
            query.data && [
              streamBasisOf(query.data.basis, zone),
              {
                path: 'batch',
                lines: [
                  { name: 'Newest run', value: night ? String(night.runId) : 'none has measured one yet' },
                  ...(night ? [{ name: 'Measured until', value: formatFullMoment(night.until, zone) }] : []),
                ],
              },
            ]
          }
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<RowSkeletons rows={3} />}
        isEmpty={({ prices }) => prices.length === 0}
        empty={
          <EmptyState
            what="Nobody has set a price yet."
            advice="Set one of the hints below: tills take it, and what it does is measured here."
          />
        }
      >
        {({ prices }) => (
          <AppliedTable
            prices={prices}
            stores={stores}
            clock={{ zone, now }}
            isBusy={end.isPending}
            onEnd={priceChange => end.mutate({ priceChange })}
          />
        )}
      </CardContent>
      <OutcomeLine
        done={end.isSuccess ? `It is ended: what is usual is asked again. ${end.data.detail ?? ''}` : null}
        failed={end.error?.message ?? null}
      />
    </Card>
  )
}

function AppliedTable({
  prices,
  stores,
  clock: { zone, now },
  isBusy,
  onEnd,
}: {
  prices: readonly Applied[]
  stores: readonly StoreSummary[]
  clock: { zone: string; now: number }
  isBusy: boolean
  onEnd: (priceChange: string) => void
}) {
  const canEnd = ({ state }: Applied) => state !== 'ended' && state !== 'refused'
  const { rowProps } = useRowKeys(
    prices.map(({ priceChange }) => priceChange),
    {
      e: id => {
        if (!isBusy && prices.some(price => price.priceChange === id && canEnd(price))) onEnd(id)
      },
    },
  )
  return (
    <DataTable
      caption="Prices that were set, newest first"
      rows={prices}
      rowKey={({ priceChange }) => priceChange}
      rowProps={({ priceChange }) => rowProps(priceChange)}
      keepsFirstColumn
      columns={[
        {
          key: 'product',
          header: 'Product',
          align: 'left',
          cell: ({ sku, productName, kind, appliedBy }) => (
            <span className="inline-block max-w-36 whitespace-normal 2xl:max-w-56">
              {productName ?? sku}
              <span className="block text-2xs text-muted">
                {KIND_TEXTS[kind].chip}
                {appliedBy === null ? '' : `, by ${appliedBy}`}
              </span>
            </span>
          ),
        },
        storeColumn(stores),
        {
          key: 'price',
          header: 'Price',
          cell: ({ oldPrice, newPrice, currency, live }) => (
            <>
              <span className="text-muted line-through">{formatMoney(oldPrice, currency)}</span>{' '}
              <span className="font-medium">
                {formatMoney(newPrice, currency)} {currency}
              </span>
              <span className="block text-2xs text-muted">
                {live.meanPrice === null
                  ? 'none sold yet'
                  : `asked ${formatMoney(live.meanPrice, currency)} in the mean`}
              </span>
            </>
          ),
        },
        {
          key: 'state',
          header: 'Holds',
          align: 'left',
          cell: ({ state, refusal, validFrom, validTo, endedBy }) => (
            <>
              <Chip tone={STATES[state].tone ?? 'plain'}>{STATES[state].chip}</Chip>
              <span className="block max-w-40 text-2xs whitespace-normal text-muted 2xl:max-w-60">
                {refusal ??
                  `${formatMoment(validFrom, zone, now)} – ${validTo === null ? 'until ended' : formatMoment(validTo, zone, now)}${endedBy === null ? '' : ` by ${endedBy}`}`}
              </span>
            </>
          ),
        },
        {
          key: 'sold',
          header: 'Sold, of foreseen',
          cell: price => <Sold price={price} />,
        },
        {
          key: 'margin',
          header: 'Margin',
          cell: ({ live, currency }) => <Margin effect={live} currency={currency} />,
        },
        {
          key: 'verdict',
          header: 'Effect',
          align: 'left',
          cell: ({ live: { forecast }, state }) =>
            forecast === null || state === 'planned' || state === 'waiting' ? (
              NO_FIGURE
            ) : (
              <Chip tone={VERDICT_TEXTS[forecast.verdict].tone}>{VERDICT_TEXTS[forecast.verdict].chip}</Chip>
            ),
        },
        {
          key: 'end',
          header: <span className="sr-only">End</span>,
          cell: price =>
            canEnd(price) ? (
              <Button
                kind="row"
                disabled={isBusy}
                aria-label={`End the price of ${price.productName ?? price.sku} in ${storeName(stores, price.store)}`}
                onClick={() => onEnd(price.priceChange)}
              >
                End
              </Button>
            ) : null,
        },
      ]}
    />
  )
}

/** What was sold, what the night has counted of it, and what was foreseen at either price. */
function Sold({ price: { live, night, unitsBefore } }: { price: Applied }) {
  const { forecast } = live
  return (
    <>
      <span className="font-medium">{formatCount(live.sold)}</span>
      {forecast ? (
        <>
          {' '}
          of {unitsText(forecast.new)}{' '}
          <span className="text-muted">
            ({unitsText(forecast.low)}–{unitsText(forecast.high)})
          </span>
        </>
      ) : null}
      <span className="block text-2xs text-muted">
        {forecast ? `${unitsText(forecast.old)} at the old price` : 'no demand was foreseen'}
      </span>
      {night === null && unitsBefore === null ? null : (
        <span className="flex items-center justify-end gap-1 text-2xs text-muted">
          {night ? (
            <>
              <PathMarker path="batch" />
              {formatCount(night.sold)} by night
            </>
          ) : null}
          {night && unitsBefore !== null ? ', ' : null}
          {unitsBefore === null ? null : `${unitsText(unitsBefore)} a day before`}
        </span>
      )}
    </>
  )
}

/** What is left of it, and by how much that is more than the old price would have left. */
function Margin({ effect: { margin, forecast }, currency }: { effect: Effect; currency: string }) {
  const more =
    forecast === null
      ? null
      : formatAmount((parseAmount(margin) ?? 0) - (parseAmount(forecast.marginOld) ?? 0))
  return (
    <>
      {formatMoney(margin, currency)}
      {more === null ? null : (
        <span className="block text-2xs text-muted">
          {formatSignedMoney(more, currency)} to the old price
        </span>
      )}
    </>
  )
}
