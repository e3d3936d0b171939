'use client'

import { REPORT_TITLES } from '#app/reports/report-texts.ts'
import { addressOf, OWN_OF_REPORT, REPORTS, type ReportName } from '#app/reports/url-state.ts'
import type { AskedReport } from '#app/reports/use-url-state.ts'

/** The reports, as links: each keeps days, stores and currency, and can be opened beside the others. */
export function ReportTabs({
  asked,
  onReport,
}: {
  asked: AskedReport
  onReport: (report: ReportName) => void
}) {
  return (
    <nav aria-label="Reports" className="-mx-4 mb-3 overflow-x-auto px-4 lg:mx-0 lg:px-0">
      <ul className="flex min-w-max gap-1 border-b border-line">
        {REPORTS.map(report => (
          <li key={report}>
            <a
              href={addressOf('/reports', { ...asked, ...OWN_OF_REPORT, report })}
              aria-current={report === asked.report ? 'page' : undefined}
              onClick={event => {
                // Another tab or window is the browser's business.
                if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
                event.preventDefault()
                onReport(report)
              }}
              className="-mb-px flex min-h-10 items-center border-b-2 border-transparent px-3 text-sm text-muted hover:text-text aria-[current]:border-text aria-[current]:font-medium aria-[current]:text-text pointer-coarse:min-h-11"
            >
              {REPORT_TITLES[report]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
