'use client'

import { useQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { PeriodControl } from '#app/controls/period-control.tsx'
import { CurrencyControl, StoreControl } from '#app/controls/scope-controls.tsx'
import { ReportBody } from '#app/reports/report-body.tsx'
import { REPORT_VIEWS, type ReportScope, resolveReportScope } from '#app/reports/report-scope.ts'
import { COMPARISON_NAMES, titleOf } from '#app/reports/report-texts.ts'
import { useOverview } from '#app/shell/overview.ts'
import { PageFrame } from '#app/shell/page-frame.tsx'
import { useToldFreshness } from '#app/socket/use-freshness.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { Card, EmptyState, WaitingCard } from '#app/ui/card.tsx'
import { ChoiceControl, SegmentedControl } from '#app/ui/choice.tsx'
import {
  type AskedReport,
  NOTHING_OWN,
  REPORTS,
  type ReportName,
  reportsAddress,
  reportsState,
} from '#app/url-state.ts'
import { COMPARISONS, REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'

/** What the batch path has computed, for who reads figures: sales, stock, products, returns, reviews. */
export function ReportsPage() {
  const [asked, setAsked] = useQueryStates(reportsState)
  const overview = useOverview()
  const freshness = useQuery(useTRPC().freshness.get.queryOptions())
  // Asked whenever the reports are.
  const told = useToldFreshness(freshness)
  const resolved = overview.data ? resolveReportScope(overview.data, asked) : null
  const show = (part: Partial<AskedReport>) => void setAsked(part)
  if (!overview.data) {
    return (
      <PageFrame title="Reports">
        <WaitingCard title="Reports" query={overview} />
      </PageFrame>
    )
  }
  const { firstDay, stores, demoNote } = overview.data
  if (!resolved || firstDay === null) {
    return (
      <PageFrame title="Reports">
        <Card title="Nothing to report yet">
          <EmptyState
            what="The log is empty."
            advice="Reports are computed from what tills send. The demo brings a retailer at work:"
            command="npm run demo"
          />
        </Card>
      </PageFrame>
    )
  }
  const { scope, newestDay, zone } = resolved
  return (
    <PageFrame
      title="Reports"
      freshness={told}
      zone={zone}
      controls={
        <>
          {/* Another range has other pages. */}
          <PeriodControl
            range={scope}
            first={firstDay}
            last={newestDay}
            onChange={range => show({ ...range, page: 1 })}
          />
          <StoreControl stores={stores} chosen={scope.stores} onChange={store => show({ store, page: 1 })} />
          <ReportCurrency asked={asked} scope={resolved} onChange={currency => show({ currency, page: 1 })} />
          <ChoiceControl
            label="Compare with"
            choices={COMPARISONS.filter(value => value !== 'four-weeks' || resolved.grain !== 'month').map(
              value => ({ value, label: COMPARISON_NAMES[value] }),
            )}
            chosen={resolved.grain === 'month' && asked.compare === 'four-weeks' ? 'none' : asked.compare}
            onChange={compare => show({ compare })}
          />
        </>
      }
      note={`Figures of the batch path. Days are business days of each store; a week or month takes a day in once that has ended. Times are those of ${zone}. ${demoNote ?? ''}`}
    >
      <div className="flex flex-wrap items-start gap-x-4">
        <ReportTabs
          asked={asked}
          onReport={report => void setAsked({ ...NOTHING_OWN, report }, { history: 'push' })}
        />
        <GrainControl asked={asked} grain={resolved.grain} onChange={show} />
      </div>
      <ReportBody
        key={asked.report}
        asked={asked}
        scope={resolved}
        freshness={freshness.data}
        onChange={show}
      />
    </PageFrame>
  )
}

const GRAIN_SEGMENTS = [
  { value: 'day', label: 'Day' },
  { value: 'week', label: 'Week' },
  { value: 'month', label: 'Month' },
] as const

function GrainControl({
  asked,
  grain,
  onChange,
}: {
  asked: AskedReport
  grain: ReportScope['grain']
  onChange: (part: Partial<AskedReport>) => void
}) {
  const [view] = REPORT_VIEWS[asked.report]
  const { grains } = VIEWS[view]
  if (grains.length < 2) return null
  return (
    <SegmentedControl
      label="By"
      segments={GRAIN_SEGMENTS.filter(({ value }) => grains.includes(value))}
      value={grain}
      onChange={value => onChange({ grain: value, page: 1 })}
      className="mb-3 lg:ml-auto"
    />
  )
}

/** The currency, or all of them in the reporting currency. */
function ReportCurrency({
  asked,
  scope,
  onChange,
}: {
  asked: AskedReport
  scope: ReportScope
  onChange: (currency: string) => void
}) {
  const views = REPORT_VIEWS[asked.report]
  if (!views.some(view => VIEWS[view].isMoney)) return null
  // What the address asks for stays to choose, though one currency is left.
  if (scope.currencies.length < 2 && scope.currency !== REPORTING_CURRENCY) {
    return <CurrencyControl currencies={scope.currencies} chosen={scope.currency} onChange={onChange} />
  }
  return (
    <ChoiceControl
      label="Currency"
      choices={[
        ...scope.currencies.map(code => ({ value: code, label: code })),
        { value: REPORTING_CURRENCY, label: 'All, converted' },
      ]}
      chosen={scope.currency}
      onChange={onChange}
    />
  )
}

/** The reports, as links: each keeps days, stores and currency, and can be opened beside the others. */
function ReportTabs({ asked, onReport }: { asked: AskedReport; onReport: (report: ReportName) => void }) {
  return (
    <nav aria-label="Reports" className="-mx-4 mb-3 overflow-x-auto px-4 lg:mx-0 lg:px-0">
      <ul className="flex min-w-max gap-1 border-b border-line">
        {REPORTS.map(report => (
          <li key={report}>
            <a
              href={reportsAddress('/reports', { ...asked, ...NOTHING_OWN, report })}
              aria-current={report === asked.report ? 'page' : undefined}
              onClick={event => {
                // Another tab or window is the browser's business.
                if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
                event.preventDefault()
                onReport(report)
              }}
              className="-mb-px flex min-h-10 items-center border-b-2 border-transparent px-3 text-sm text-muted hover:text-text aria-[current]:border-text aria-[current]:font-medium aria-[current]:text-text pointer-coarse:min-h-11"
            >
              {titleOf(report)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
