import { COMPARISON_PHRASES, hasComparison } from '#app/reports/period-text.ts'
import { isUnsettled } from '#app/reports/settlement.tsx'
import type { Report } from '#app/trpc/router-outputs.ts'
import { PathTag } from '#app/ui/path-marker.tsx'

/** What the marks of a chart by period mean. */
export function ReportLegend({ report }: { report: Report | undefined }) {
  return (
    <>
      <PathTag path="batch" />
      {report?.rows.some(({ settlement }) => isUnsettled(settlement)) ? (
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="size-2.5 border border-dashed border-batch bg-batch-pale" /> so
          far, or awaiting a journal
        </span>
      ) : null}
      {report?.rows.some(({ settlement }) => (settlement?.restated ?? 0) > 0) ? (
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="size-2 rotate-45 bg-text" /> restated after closing
        </span>
      ) : null}
      {report && hasComparison(report) ? (
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="w-4 border-t-2 border-dashed border-muted" />
          {COMPARISON_PHRASES[report.comparison]}
        </span>
      ) : null}
    </>
  )
}
