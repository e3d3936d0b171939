'use client'

import { FileLink } from '#app/reports/file-link.tsx'
import { NoRunYet } from '#app/reports/no-run-yet.tsx'
import { PeriodCard } from '#app/reports/period-card.tsx'
import { ProductSearch } from '#app/reports/product-search.tsx'
import { RankedCard } from '#app/reports/ranked-card.tsx'
import type { ReportRequests } from '#app/reports/report-requests.ts'
import type { ReportScope } from '#app/reports/report-scope.ts'
import { tilesOf, VIEW_TITLES } from '#app/reports/report-texts.ts'
import { ScopeLine } from '#app/reports/scope-line.tsx'
import { SettlementLegend } from '#app/reports/settlement.tsx'
import { StockEquation } from '#app/reports/stock-equation.tsx'
import { StockoutFilter } from '#app/reports/stockout-filter.tsx'
import { TotalTiles } from '#app/reports/total-tiles.tsx'
import { asSort } from '#app/reports/url-state.ts'
import { useReports } from '#app/reports/use-reports.ts'
import type { AskedReport } from '#app/reports/use-url-state.ts'
import type { Freshness } from '#app/trpc/router-outputs.ts'
import { defaultMetric, figuresOf, isByPeriod, VIEWS } from '#domain/report-views.ts'

/** One report: what it comes to, by period, and by store or product. */
export function ReportBody({
  asked,
  scope,
  requests,
  freshness,
  streamAddress,
  onChange,
}: {
  asked: AskedReport
  scope: ReportScope
  requests: ReportRequests
  freshness: Freshness | undefined
  /** Side by side of the same scope. */
  streamAddress: string
  onChange: (part: Partial<AskedReport>) => void
}) {
  const { zone, stores, isShortened } = scope
  const { first, second } = useReports(requests, asked.page)
  const names = new Map(stores.map(({ store, name }) => [store, name]))
  const empty = <NoRunYet freshness={freshness} zone={zone} />
  const tiles = tilesOf(asked.report, scope.currency)
  const [firstView, secondView] = [requests.first.view, requests.second.view]

  const firstCard = isByPeriod(firstView) ? (
    <PeriodCard
      title={VIEW_TITLES[firstView]}
      query={first}
      grain={scope.grain}
      figures={figuresOf(firstView, scope)}
      metric={requests.first.metric ?? defaultMetric(firstView, scope.currency)}
      zone={zone}
      empty={empty}
      fileLink={<FileLink title={VIEW_TITLES[firstView]} request={requests.first} />}
      onMetric={metric => onChange({ metric })}
      onSort={sort => onChange({ order: asSort(sort) })}
    />
  ) : (
    <RankedCard
      title={VIEW_TITLES[firstView]}
      heightClass="h-96"
      query={first}
      stores={names}
      zone={zone}
      empty={empty}
      fileLink={<FileLink title={VIEW_TITLES[firstView]} request={requests.first} />}
      onSort={sort => onChange({ order: asSort(sort) })}
    />
  )
  const secondCard = (
    <RankedCard
      title={VIEW_TITLES[secondView]}
      heightClass={secondView === 'sales-by-store' ? 'h-80' : 'h-[32rem]'}
      query={second}
      stores={names}
      zone={zone}
      empty={empty}
      fileLink={<FileLink title={VIEW_TITLES[secondView]} request={requests.second} />}
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
      <ScopeLine report={first.data} isShortened={isShortened} streamAddress={streamAddress} />
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
