import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Known } from '#app/alerts/alert-list-card.tsx'
import { KIND_TITLES, ruleTitle } from '#app/alerts/alert-words.ts'
import { formatShortDay } from '#app/format/day.ts'
import { formatCount, NO_FIGURE, plural } from '#app/format/number.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import { BasisPopover } from '#app/ui/basis.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import type { Instant } from '#domain/instant.ts'

export interface AlertRange {
  stores: string[]
  from: Instant
  /** Exclusive. */
  to: Instant
}

/** How often each rule was right, as far as people have said. */
export function RatesCard({ range, stores, rules }: Known & { range: AlertRange }) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.alerts.rates.queryOptions(range),
    placeholderData: keepPreviousData,
  })
  return (
    <>
      <Card
        title="Rates by rule"
        note={
          query.data
            ? `${plural(query.data.stores, 'store')}, ${plural(Math.round(query.data.weeks), 'week')}`
            : undefined
        }
        actions={
          <BasisPopover
            title="Rates by rule"
            definition="Precision is the share of confirmed alerts among those that people have judged confirmed or false; those judged unsure are in neither, and nothing is said of a rule that nobody has judged. False alarms are per store and week of the days chosen above."
            bases={[]}
          />
        }
      >
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-64" />}
          isEmpty={data => data.rules.length === 0}
          empty={
            <EmptyState
              what="No rule has raised an alert in these days."
              advice="Choose more days or stores above."
            />
          }
        >
          {data => (
            <DataTable
              caption="Rates by rule"
              rows={data.rules}
              rowKey={({ rule }) => rule}
              keepsFirstColumn
              columns={[
                { key: 'rule', header: 'Rule', align: 'left', cell: row => ruleTitle(rules, row.rule) },
                { key: 'kind', header: 'Kind', align: 'left', cell: ({ kind }) => KIND_TITLES[kind] },
                { key: 'raised', header: 'Raised', cell: ({ raised }) => formatCount(raised) },
                { key: 'judged', header: 'Judged', cell: ({ judged }) => formatCount(judged) },
                { key: 'confirmed', header: 'Confirmed', cell: ({ confirmed }) => formatCount(confirmed) },
                { key: 'false', header: 'False', cell: ({ falseAlarms }) => formatCount(falseAlarms) },
                { key: 'unsure', header: 'Unsure', cell: ({ unsure }) => formatCount(unsure) },
                { key: 'precision', header: 'Precision', cell: ({ precision }) => percentText(precision) },
                {
                  key: 'rate',
                  header: 'False per store and week',
                  cell: ({ falsePerStoreWeek }) => falsePerStoreWeek?.toFixed(2) ?? NO_FIGURE,
                },
              ]}
            />
          )}
        </CardContent>
      </Card>
      {query.data && query.data.storeWeeks.length > 0 ? (
        <Card
          title="By store and week"
          note={query.data.isCut ? 'the newest 500; choose fewer days or stores for the rest' : undefined}
        >
          <div className="flex max-h-120 flex-col">
            <DataTable
              caption="Alerts by store and week"
              rows={query.data.storeWeeks}
              rowKey={({ rule, store, week }) => JSON.stringify([rule, store, week])}
              columns={[
                {
                  key: 'week',
                  header: 'Week from',
                  align: 'left',
                  cell: ({ week }) => formatShortDay(week),
                },
                { key: 'store', header: 'Store', align: 'left', cell: row => storeName(stores, row.store) },
                { key: 'rule', header: 'Rule', align: 'left', cell: row => ruleTitle(rules, row.rule) },
                { key: 'raised', header: 'Raised', cell: ({ raised }) => formatCount(raised) },
                { key: 'confirmed', header: 'Confirmed', cell: ({ confirmed }) => formatCount(confirmed) },
                { key: 'false', header: 'False', cell: ({ falseAlarms }) => formatCount(falseAlarms) },
              ]}
            />
          </div>
        </Card>
      ) : null}
    </>
  )
}

function percentText(share: number | null): string {
  return share === null ? NO_FIGURE : `${Math.round(100 * share)}%`
}
