import { formatCount, plural } from '#app/format/number.ts'
import { formatExactValue, formatSignedValue } from '#app/side-by-side/pairs.ts'
import type { DifferenceClass, EventCause, MetricComparison } from '#app/trpc/router-outputs.ts'
import { classNames } from '#app/ui/class-names.ts'

export const CAUSE_TEXTS: Record<DifferenceClass['cause'], string> = {
  'after-batch': 'Arrived after the batch read the log',
  'before-stream': 'Not yet through the stream',
  'rule-version': 'Computed by different rules',
  unexplained: 'Unexplained',
}

/** One cause of a difference: its events, which open as a list, and its signed effect with a bar of its share. */
export function CauseRow({
  cause,
  comparison: { unit },
  currency,
  share,
  onEvents,
}: {
  cause: DifferenceClass
  comparison: MetricComparison
  currency: string
  /** Of the longest bar, 0 to 1. */
  share: number
  onEvents: (cause: EventCause) => void
}) {
  const unexplained = cause.cause === 'unexplained'
  const wrong = unexplained && Number(cause.value) !== 0
  const ofWhich = annotations(cause)
  const listed = cause.cause === 'after-batch' || cause.cause === 'before-stream' ? cause.cause : null
  return (
    <tr className={classNames('border-t border-line align-top', unexplained && 'font-semibold')}>
      <th scope="row" className={classNames('py-2 text-left', !unexplained && 'font-normal')}>
        {CAUSE_TEXTS[cause.cause]}
        {ofWhich ? <span className="block text-2xs font-normal text-muted">{ofWhich}</span> : null}
        <span
          aria-hidden="true"
          className="mt-1 block h-1 rounded-full bg-muted"
          style={{ width: `${share * 60}%` }}
        />
      </th>
      <td className="py-2 pl-3 text-right whitespace-nowrap">
        {listed && cause.events > 0 ? (
          <button
            type="button"
            onClick={() => onEvents(listed)}
            className="underline decoration-control underline-offset-3 hover:decoration-text"
          >
            {formatCount(cause.events)}
            <span className="sr-only"> events: show them</span>
          </button>
        ) : (
          formatCount(cause.events)
        )}
      </td>
      <td
        className={classNames(
          'py-2 pl-3 text-right whitespace-nowrap',
          wrong && 'text-bad',
          unexplained && !wrong && 'text-good',
        )}
      >
        {unexplained
          ? formatExactValue(cause.value, unit, currency)
          : formatSignedValue(cause.value, unit, currency)}
      </td>
    </tr>
  )
}

/** What is known of a class's events beside their effect. One event can be several of these. */
function annotations({ events, ofWhich }: DifferenceClass): string | null {
  if (events === 0) return null
  const parts = [
    ofWhich.late > 0 ? `${formatCount(ofWhich.late)} late` : null,
    ofWhich.bulk > 0 ? `${formatCount(ofWhich.bulk)} from files` : null,
    ofWhich.returns > 0 ? plural(ofWhich.returns, 'return') : null,
  ].filter(part => part !== null)
  return parts.length > 0 ? `of which ${parts.join(' · ')}` : null
}
