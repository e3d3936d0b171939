import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Columns2 } from 'lucide-react'
import Link from 'next/link'
import { formatMoment } from '#app/format/time.ts'
import { PeriodCard } from '#app/reports/period-card.tsx'
import { ProductSearch, RankedCard, StockoutFilter } from '#app/reports/ranked-card.tsx'
import { MAX_DAYS, type ReportScope, requestsOf } from '#app/reports/report-scope.ts'
import type { ReportCardProps } from '#app/reports/report-table.tsx'
import {
  comparedText,
  coverageText,
  missingRateText,
  rangeText,
  tilesOf,
  titleOf,
} from '#app/reports/report-texts.ts'
import { SettlementLegend, settlementText } from '#app/reports/settlement.tsx'
import { StockEquation, TotalTiles } from '#app/reports/totals.tsx'
import { useRefreshOnChange } from '#app/socket/refresh.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { Freshness, Report } from '#app/trpc/router-outputs.ts'
import { buttonLook } from '#app/ui/button.tsx'
import { type CardQuery, EmptyState } from '#app/ui/card.tsx'
import { type AskedReport, asSort, sideBySideAddress } from '#app/url-state.ts'
import { defaultMetric, figuresOf, isByPeriod, VIEWS, type ViewName } from '#domain/report-views.ts'

/** Runs of one round of the schedule end one after the other: they are read a few times, not each. */
const RUNS_GAP_MS = 2_000

/** One report: what it comes to, by period, and by store or product. */
export function ReportBody({
  asked,
  scope,
  freshness,
  onChange,
}: {
  asked: AskedReport
  scope: ReportScope
  freshness: Freshness | undefined
  onChange: (part: Partial<AskedReport>) => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { zone, stores } = scope
  const requests = requestsOf(scope, asked)
  // What was shown stays until what was asked next is there.
  const first = useQuery({
    ...trpc.reports.get.queryOptions(requests.first),
    placeholderData: keepPreviousData,
  })
  const second = useQuery({
    ...trpc.reports.get.queryOptions({ ...requests.second, page: asked.page }),
    placeholderData: keepPreviousData,
  })
  useRefreshOnChange(
    () =>
      Promise.all([
        queryClient.invalidateQueries(trpc.reports.pathFilter()),
        queryClient.invalidateQueries(trpc.freshness.pathFilter()),
      ]),
    { of: 'pipelineChanges', gapMs: RUNS_GAP_MS },
  )

  const names = new Map(stores.map(({ store, name }) => [store, name]))
  const empty = (
    <NoFigures
      freshness={freshness}
      zone={zone}
      isOfStock={asked.report === 'inventory'}
      report={first.data}
    />
  )
  const cardOf = (query: CardQuery<Report>, request: ReportCardProps['request'] & { view: ViewName }) => ({
    title: titleOf(request.view),
    query,
    request,
    zone,
    empty,
  })
  const tiles = tilesOf(asked.report, scope.currency)
  const [firstView, secondView] = [requests.first.view, requests.second.view]

  const firstCard = isByPeriod(firstView) ? (
    <PeriodCard
      {...cardOf(first, requests.first)}
      grain={scope.grain}
      figures={figuresOf(firstView, scope)}
      metric={requests.first.metric ?? defaultMetric(firstView, scope.currency)}
      onMetric={metric => onChange({ metric })}
      onSort={sort => onChange({ order: asSort(sort) })}
    />
  ) : (
    <RankedCard
      {...cardOf(first, requests.first)}
      heightClass="h-96"
      stores={names}
      onSort={sort => onChange({ order: asSort(sort) })}
    />
  )
  const secondCard = (
    <RankedCard
      {...cardOf(second, requests.second)}
      heightClass={secondView === 'sales-by-store' ? 'h-80' : 'h-[32rem]'}
      stores={names}
      filters={
        VIEWS[secondView].keys.includes('sku') ? (
          <>
            <ProductSearch chosen={asked.q} onChange={q => onChange({ q, page: 1 })} />
            {asked.report === 'inventory' ? (
              <StockoutFilter
                chosen={asked.stockout}
                onChange={stockout => onChange({ stockout, page: 1 })}
              />
            ) : null}
          </>
        ) : null
      }
      onSort={sort => onChange({ sort: asSort(sort), page: 1 })}
      onPage={page => onChange({ page })}
    />
  )

  return (
    <>
      <ScopeLine report={first.data} scope={scope} />
      <div className="grid grid-cols-1 gap-3">
        {tiles.length > 0 ? <TotalTiles query={first} figures={tiles} zone={zone} /> : null}
        {asked.report === 'inventory' ? <StockEquation query={first} zone={zone} /> : null}
        {asked.report === 'products' ? secondCard : firstCard}
        {asked.report === 'products' ? firstCard : secondCard}
        <SettlementLegend />
      </div>
    </>
  )
}

/** Why there are no figures: nothing is known of these days, or no run has computed them: when one comes, or how to start it. */
function NoFigures({
  freshness,
  zone,
  isOfStock,
  report,
}: {
  freshness: Freshness | undefined
  zone: string
  isOfStock: boolean
  report: Report | undefined
}) {
  if (report?.isLogRead && report.settlement.storeDays === 0) {
    return isOfStock ? (
      <EmptyState
        what="Stock is unknown."
        advice="No store had counted or received anything by these days. From its first count or receipt on, its stock is reported."
      />
    ) : (
      <EmptyState what="Nothing is on file of these days and stores." advice="Choose other days or stores." />
    )
  }
  const next = freshness?.batch.nextTickAt
  return next && freshness ? (
    <EmptyState
      what="No batch run has computed these days yet."
      advice={`The schedule looks for work next at ${formatMoment(next, zone, freshness.now)}. The figures then come by themselves.`}
    />
  ) : (
    <EmptyState
      what="No batch run has computed these days yet, and no schedule runs."
      advice="Start the schedule:"
      command="npm start -- jobs"
    />
  )
}

/** What is shown, in words: days, what they are held against, what is not settled; and the way to the stream. */
function ScopeLine({
  report,
  scope: { scope, isShortened },
}: {
  report: Report | undefined
  scope: ReportScope
}) {
  const compared = report ? comparedText(report) : null
  const coverage = report ? coverageText(report) : null
  return (
    <div className="mb-3 flex min-h-13 flex-wrap items-center gap-x-4 gap-y-1">
      <div className="min-w-0 grow basis-72 text-2xs text-muted">
        {report ? (
          <>
            <p>
              {rangeText(report)}
              {isShortened ? `; a report covers ${MAX_DAYS} days at most` : ''}
              {compared ? `, compared with ${compared}` : ''}.
              {coverage ? ` No change is told: ${coverage}.` : ''}
            </p>
            <p>{settlementText(report)}</p>
            <MissingRates report={report} />
          </>
        ) : null}
      </div>
      <Link
        href={sideBySideAddress('/', { ...scope, store: scope.stores })}
        className={buttonLook({ kind: 'quiet', className: 'border border-line' })}
      >
        <Columns2 className="size-4" />
        Compare with stream
      </Link>
    </div>
  )
}

/** The exchange rates that figures are blank for want of, by name. */
function MissingRates({ report: { missingRates } }: { report: Report }) {
  if (missingRates.length === 0) return null
  const own = missingRates.filter(rate => rate.of === 'range').map(missingRateText)
  const before = missingRates.filter(rate => rate.of === 'compared').map(missingRateText)
  return (
    <p role="note" className="text-text">
      No exchange rate{' '}
      {[
        ...(own.length > 0 ? [own.join(', ')] : []),
        ...(before.length > 0 ? [`${before.join(', ')} in the days held against`] : []),
      ].join('; ')}
      : what depends on it is blank. <code>npm run rates -- add FILE</code> brings it.
    </p>
  )
}
