import { Columns2 } from 'lucide-react'
import Link from 'next/link'
import { formatCount } from '#app/format/number.ts'
import { comparedText, rangeText } from '#app/reports/period-text.ts'
import { MAX_DAYS } from '#app/reports/report-scope.ts'
import { unsettledText } from '#app/reports/settlement.tsx'
import type { Report } from '#app/trpc/router-outputs.ts'
import { buttonLook } from '#app/ui/button.tsx'

/** What is shown, in words: days, what they are held against, what is not settled; and the way to the stream. */
export function ScopeLine({
  report,
  isShortened,
  streamAddress,
}: {
  report: Report | undefined
  isShortened: boolean
  /** Side by side of the same days, stores and currency. */
  streamAddress: string
}) {
  const compared = report ? comparedText(report) : null
  const unsettled = report ? unsettledText(report.settlement) : null
  return (
    <div className="mb-3 flex min-h-13 flex-wrap items-center gap-x-4 gap-y-1">
      <div className="min-w-0 grow basis-72 text-2xs text-muted">
        {report ? (
          <>
            <p>
              {rangeText(report)}
              {isShortened ? `; a report covers ${MAX_DAYS} days at most` : ''}
              {compared ? `, compared with ${compared}${coverageText(report)}` : ''}.
            </p>
            <p>{unsettled ?? 'Every store-day is closed.'}</p>
          </>
        ) : null}
      </div>
      <Link href={streamAddress} className={buttonLook({ kind: 'quiet', className: 'border border-line' })}>
        <Columns2 aria-hidden="true" className="size-4" />
        Compare with stream
      </Link>
    </div>
  )
}

/** A comparison with days that nobody has figures of says so. */
function coverageText({ basis, comparedBasis }: Report): string {
  if (comparedBasis === null || comparedBasis.runs >= basis.runs) return ''
  if (comparedBasis.runs === 0) return ' (no figures there)'
  return ` (it has figures of ${formatCount(comparedBasis.runs)} runs, this of ${formatCount(basis.runs)})`
}
