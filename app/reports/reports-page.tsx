'use client'

import { CurrencyControl } from '#app/controls/currency-control.tsx'
import { PeriodControl } from '#app/controls/period-control.tsx'
import { StoreControl } from '#app/controls/store-control.tsx'
import { COMPARISON_NAMES } from '#app/reports/period-text.ts'
import { ReportBody } from '#app/reports/report-body.tsx'
import { requestsOf } from '#app/reports/report-requests.ts'
import { REPORT_VIEWS, type ReportScope } from '#app/reports/report-scope.ts'
import { ReportTabs } from '#app/reports/report-tabs.tsx'
import { OWN_OF_REPORT } from '#app/reports/url-state.ts'
import { useReportScope } from '#app/reports/use-reports.ts'
import { type AskedReport, useUrlState } from '#app/reports/use-url-state.ts'
import { PageHeading } from '#app/shell/page-heading.tsx'
import { addressOf as sideBySideAddress } from '#app/side-by-side/url-state.ts'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { ChoiceControl } from '#app/ui/choice-control.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'
import { SegmentedControl } from '#app/ui/segmented-control.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { COMPARISONS, hasReportingCurrency, REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'

/** What the batch path has computed, for who reads figures: sales, stock, products, returns, reviews. */
export function ReportsPage() {
  const [asked, setAsked] = useUrlState()
  const { overview, freshness, resolved } = useReportScope(asked)
  const show = (part: Partial<AskedReport>) => void setAsked(part)
  if (overview.data === undefined) {
    return (
      <>
        <PageHeading title="Reports" />
        <Card title="Reports">
          <CardContent query={overview} skeleton={<Skeleton className="h-96" />}>
            {() => null}
          </CardContent>
        </Card>
      </>
    )
  }
  const { firstDay, stores, demoNote } = overview.data
  if (!resolved || firstDay === null) {
    return (
      <>
        <PageHeading title="Reports" />
        <Card title="Nothing to report yet">
          <EmptyState
            what="The log is empty."
            advice="Reports are computed from what tills send. The demo brings a retailer at work:"
            command="npm run demo"
          />
        </Card>
      </>
    )
  }
  const { scope, newestDay, zone } = resolved
  return (
    <>
      <PageHeading title="Reports">
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
      </PageHeading>
      <div className="flex flex-wrap items-start gap-x-4">
        <ReportTabs
          asked={asked}
          onReport={report => void setAsked({ ...OWN_OF_REPORT, report }, { history: 'push' })}
        />
        <GrainControl asked={asked} grain={resolved.grain} onChange={show} />
      </div>
      <ReportBody
        key={asked.report}
        asked={asked}
        scope={resolved}
        requests={requestsOf(resolved, asked)}
        freshness={freshness.data}
        streamAddress={sideBySideAddress('/', {
          from: scope.from,
          to: scope.to,
          store: scope.stores,
          currency: scope.currency,
        })}
        onChange={show}
      />
      <p className="mt-3 text-2xs text-muted">
        Figures of the batch path. Days are business days of each store; a week or month takes a day in once
        that has ended. Times are those of {zone}. {demoNote}
      </p>
    </>
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
  const [view = 'sales'] = REPORT_VIEWS[asked.report]
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

/** The currency, and for weeks and months of sales all of them in the reporting currency. */
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
  const isConvertible =
    scope.currencies.length > 1 && views.every(view => hasReportingCurrency(view, scope.grain))
  if (!isConvertible) {
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
