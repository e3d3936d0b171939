import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatDay } from '#app/format/day.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useRowKeys } from '#app/restock/use-row-keys.ts'
import { useTRPC, type useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { moneyText, shelfColumns, shelfId } from './hint-columns.tsx'
import type { ThoughtPrice } from './price-dialog.tsx'

type Scope = Parameters<ReturnType<typeof useTRPCClient>['restock']['priceHints']['query']>[0]
type Answer = RouterOutputs['restock']['priceHints']
type Hint = Answer['hints'][number]

/** It changes once a night. */
const REFRESH_MS = 60_000

/** A page of the list: the rest is small money. */
const SHOWN = 30

/** What lies on shelves and does not sell, and the price that would clear it in time. */
export function HintsCard({
  scope,
  stores,
  now,
  zone,
  onThought,
}: {
  scope: Scope
  stores: readonly StoreSummary[]
  now: number
  zone: string
  onThought: (thought: ThoughtPrice) => void
}) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.restock.priceHints.queryOptions(scope), refetchInterval: REFRESH_MS })
  const [shown, setShown] = useState(SHOWN)
  const basis = query.data?.basis
  return (
    <Card
      title="Prices that would clear it"
      note={<PathTag path="batch" detail="most money first" />}
      actions={
        <BasisPopover
          title="Prices that would clear it"
          definition="Goods without a sale in 28 days, with more than 90 days of sales on hand, or that the store keeps no more; and the least step of 5% off at which as much as is too much is expected to be sold within 28 days. By how customers of the category answered to offers, with the range of what is not known of that. The last column says what is sold then, of what is too much; where it is not enough, cost allows no less. Never below cost, which is without tax. Nothing is changed until somebody sets the price."
          bases={
            basis
              ? [
                  {
                    path: 'batch',
                    lines: [
                      { name: 'Run', value: String(basis.runId) },
                      { name: 'Computed', value: formatMoment(basis.computedAt, zone, now) },
                      { name: 'Stock of', value: `the end of ${formatDay(basis.businessDay)}` },
                    ],
                  },
                ]
              : undefined
          }
        />
      }
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ total }) => total === 0}
        empty={
          <EmptyState
            what="Nothing lies too long, as far as is known."
            advice="The job price_hints looks once a night, where prices and costs are known."
            command="npm run jobs -- run price_hints"
          />
        }
      >
        {({ hints, total }) => (
          <>
            <HintsTable hints={hints.slice(0, shown)} stores={stores} onThought={onThought} />
            {hints.length > shown ? (
              <div className="mt-3 flex items-center justify-between gap-3 text-2xs text-muted">
                {plural(hints.length - shown, 'more hint')}
                <Button onClick={() => setShown(shown + SHOWN)}>Show more</Button>
              </div>
            ) : null}
            {total > hints.length ? (
              <p className="mt-2 text-2xs text-muted">
                The first {formatCount(hints.length)} of {plural(total, 'hint')}.
              </p>
            ) : null}
          </>
        )}
      </CardContent>
    </Card>
  )
}

function HintsTable({
  hints,
  stores,
  onThought,
}: {
  hints: readonly Hint[]
  stores: readonly StoreSummary[]
  onThought: (thought: ThoughtPrice) => void
}) {
  const think = ({ store, sku, productName, kind, hintPrice }: Hint) =>
    onThought({
      ...{ store, sku, kind, price: hintPrice },
      name: `${productName ?? sku}, ${storeName(stores, store)}`,
    })
  const thinkOf = (id: string) => {
    const hint = hints.find(one => shelfId(one) === id)
    if (hint) think(hint)
  }
  const { rowProps } = useRowKeys(hints.map(shelfId), { p: thinkOf, Enter: thinkOf })
  return (
    <DataTable
      caption="Prices that would clear what does not sell, most money first"
      rows={hints}
      rowKey={shelfId}
      rowProps={hint => rowProps(shelfId(hint))}
      keepsFirstColumn
      columns={[
        ...shelfColumns(stores),
        {
          key: 'cover',
          header: 'Lasts, days',
          cell: ({ daysOfCover }) => (daysOfCover === null ? '–' : formatCount(Math.round(daysOfCover))),
        },
        { key: 'price', header: 'Price now', cell: ({ price, currency }) => moneyText(price, currency) },
        { key: 'cost', header: 'Cost', cell: ({ unitCost, currency }) => moneyText(unitCost, currency) },
        {
          key: 'hint',
          header: 'Would clear it',
          cell: hint => (
            <>
              <span className="font-medium">{moneyText(hint.hintPrice, hint.currency)}</span>{' '}
              <span className="text-muted">{stepText(hint)}</span>
            </>
          ),
        },
        {
          key: 'units',
          header: 'In 28 days',
          cell: ({ units, unitsLow, unitsHigh, unitsToClear }) => (
            <>
              {formatCount(Math.round(units))} of {formatCount(unitsToClear)}{' '}
              <span className="text-muted">
                ({formatCount(Math.round(unitsLow))}–{formatCount(Math.round(unitsHigh))})
              </span>
            </>
          ),
        },
        {
          key: 'set',
          header: <span className="sr-only">Set a price</span>,
          cell: hint => (
            <Button
              kind="row"
              aria-label={`Set a price for ${hint.productName ?? hint.sku} in ${storeName(stores, hint.store)}`}
              onClick={() => think(hint)}
            >
              Set
            </Button>
          ),
        },
      ]}
    />
  )
}

/** '−25%', or '−45%, first −30%' where a day may not take all of it. */
function stepText({ discount, discountToday }: Hint): string {
  const percent = (share: number) => `−${Math.round(share * 100)}%`
  return discountToday < discount
    ? `${percent(discount)}, first ${percent(discountToday)}`
    : percent(discount)
}
