import Link from 'next/link'
import { useState } from 'react'
import { formatCount, NO_FIGURE, plural } from '#app/format/number.ts'
import { causeText, pairLines, streamName } from '#app/side-by-side/answers.ts'
import { EventsDialog, type EventsShown } from '#app/side-by-side/events-dialog.tsx'
import {
  findingsText,
  findMetric,
  formatExactValue,
  formatSignedValue,
  formatValue,
} from '#app/side-by-side/pairs.ts'
import type {
  DifferenceClass,
  EventCause,
  MetricComparison,
  SideBySide,
  StoreSummary,
} from '#app/trpc/router-outputs.ts'
import { Card, CardContent, type CardQuery, RowSkeletons } from '#app/ui/card.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import type { Metric } from '#app/url-state.ts'
import { METRIC_TEXTS } from '#domain/measures.ts'

/** Where a figure's "Why" leads. */
export const WHY_ID = 'why-they-differ'

/** The step from the batch figure to the live one, cause by cause, to the event. */
export function WhyCard({
  query,
  metric,
  currency,
  stores,
  zone,
  className,
}: {
  query: CardQuery<SideBySide>
  metric: Metric
  currency: string
  stores: readonly StoreSummary[]
  zone: string
  className?: string
}) {
  const { title, kind } = METRIC_TEXTS[metric]
  return (
    <div id={WHY_ID} className={classNames('grid scroll-mt-20', className)}>
      <Card
        title={`Why ${title.toLowerCase()} differ`}
        unit={kind === 'money' ? currency : undefined}
        note={query.data ? coverageText(query.data) : null}
      >
        <CardContent query={query} skeleton={<RowSkeletons rows={7} />}>
          {answer => (
            <>
              <Causes answer={answer} metric={metric} zone={zone} />
              <FurtherPairs answer={answer} metric={metric} />
              <Found findings={answer.findings} stores={stores} />
            </>
          )}
        </CardContent>
      </Card>
    </div>
  )
}

/** Every pair that a further answer is part of: by how much the second differs from the first, and why. */
function FurtherPairs({ answer, metric }: { answer: SideBySide; metric: Metric }) {
  const lines = pairLines(answer, metric)
  const { currency } = answer.scope
  if (lines.length === 0) return null
  return (
    <div className="mt-3 border-t border-line pt-3">
      <DataTable
        caption={`${METRIC_TEXTS[metric].title}: every pair with a further answer`}
        rows={lines}
        rowKey={({ key }) => key}
        columns={[
          {
            key: 'pair',
            header: 'Pair',
            align: 'left',
            cell: ({ first, second }) => `${second} − ${first}`,
          },
          {
            key: 'difference',
            header: 'Differs by',
            cell: ({ pair: { difference, unit } }) =>
              difference === null ? NO_FIGURE : formatSignedValue(difference, unit, currency),
          },
          {
            key: 'second',
            header: 'Read by it alone',
            cell: ({ pair }) => causeText(pair, 'only-second', currency),
          },
          {
            key: 'first',
            header: 'Not yet read by it',
            cell: ({ pair }) => causeText(pair, 'only-first', currency),
          },
          { key: 'rules', header: 'Rules', cell: ({ pair }) => causeText(pair, 'rule-version', currency) },
          {
            key: 'unexplained',
            header: 'Unexplained',
            cell: ({ pair: { unexplained, unexplainedStoreDays, unit } }) => (
              <span
                className={classNames('font-semibold', unexplainedStoreDays > 0 ? 'text-bad' : 'text-good')}
              >
                {formatExactValue(unexplained, unit, currency)}
              </span>
            ),
          },
        ]}
      />
    </div>
  )
}

/** What the audits and the tills say against these days, store by store: it does not show in any difference. */
function Found({ findings, stores }: { findings: SideBySide['findings']; stores: readonly StoreSummary[] }) {
  if (findings.length === 0) return null
  const nameOf = (id: string) => stores.find(({ store }) => store === id)?.name ?? id
  return (
    <div className="mt-3 border-t border-line pt-3 text-xs">
      <p className="font-semibold text-bad">
        Other witnesses do not agree with both paths.{' '}
        <Link href="/pipeline?part=checks" className="font-normal underline underline-offset-2">
          See the checks
        </Link>
      </p>
      <ul>
        {findingsText(findings, nameOf).map(text => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  )
}

/** All of them, in this order, whether or not they contribute: rows that came and went would make the table jump. */
const CAUSES = ['after-batch', 'before-stream', 'rule-version', 'unexplained'] as const

function Causes({ answer, metric, zone }: { answer: SideBySide; metric: Metric; zone: string }) {
  const { currency } = answer.scope
  const [shown, setShown] = useState<EventsShown | null>(null)
  const comparison = findMetric(answer.metrics, metric)
  if (!comparison) return null
  const { unit, batch, stream } = comparison
  const classes = CAUSES.map(cause => classOf(comparison, cause))
  const longest = Math.max(...classes.map(({ value }) => Math.abs(Number(value))))
  return (
    <>
      <table className="w-full border-collapse text-xs">
        <caption className="sr-only">
          {METRIC_TEXTS[metric].title}: from the batch figure to the live figure
        </caption>
        <thead>
          <tr className="text-2xs text-muted">
            <th scope="col" className="pb-2 text-left font-normal">
              From batch to {streamName(answer) === 'Stream' ? 'stream' : streamName(answer)}
            </th>
            {['Events', 'Effect'].map(header => (
              <th key={header} scope="col" className="pb-2 pl-3 text-right font-normal">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <EndRow
            path="batch"
            detail={runText(answer)}
            value={batch === null ? NO_FIGURE : formatValue(batch, unit, currency)}
          />
          {classes.map(cause => (
            <CauseRow
              key={cause.cause}
              cause={cause}
              comparison={comparison}
              currency={currency}
              share={longest === 0 ? 0 : Math.abs(Number(cause.value)) / longest}
              onEvents={cause =>
                setShown({ cause, title: CAUSE_TEXTS[cause], scope: answer.scope, metric, unit, zone })
              }
            />
          ))}
          <EndRow
            path="stream"
            name={streamName(answer)}
            value={stream === null ? NO_FIGURE : formatValue(stream, unit, currency)}
          />
        </tbody>
      </table>
      <EventsDialog shown={shown} onClose={() => setShown(null)} />
    </>
  )
}

function classOf({ classes }: MetricComparison, cause: DifferenceClass['cause']): DifferenceClass {
  const none = { cause, events: 0, value: '0', ofWhich: { late: 0, bulk: 0, returns: 0 } }
  return classes.find(each => each.cause === cause) ?? none
}

function EndRow({
  path,
  name,
  detail,
  value,
}: {
  path: 'batch' | 'stream'
  name?: string
  detail?: string
  value: string
}) {
  return (
    <tr className={classNames('font-semibold', path === 'stream' && 'border-t border-line')}>
      <th scope="row" className="border-t border-line py-2 text-left">
        <PathTag path={path} name={name} detail={detail} className="text-xs" />
      </th>
      <td className="border-t border-line" />
      <td className="border-t border-line py-2 pl-3 text-right whitespace-nowrap">{value}</td>
    </tr>
  )
}

/** What the figures are of. Batch has none over days of which a run has covered only some. */
function coverageText({ coverage: { storeDays, withBatch } }: SideBySide): string {
  if (storeDays === 0) return 'nothing on file'
  return withBatch < storeDays
    ? `batch has covered ${formatCount(withBatch)} of ${plural(storeDays, 'store-day')} on file`
    : `to the event, ${plural(storeDays, 'store-day')} on file`
}

function runText({ batchBasis: { runId } }: SideBySide): string {
  return runId === null ? 'not run yet' : `run ${formatCount(runId)}`
}

const CAUSE_TEXTS: Record<DifferenceClass['cause'], string> = {
  'after-batch': 'Arrived after the batch read the log',
  'before-stream': 'Not yet through the stream',
  'rule-version': 'Computed by different rules',
  unexplained: 'Unexplained',
}

/** One cause of a difference: its events, which open as a list, and its signed effect with a bar of its share. */
function CauseRow({
  cause,
  comparison: { unit, unexplainedStoreDays, batch, stream },
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
  const wrong = unexplained && unexplainedStoreDays > 0
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
          unexplained && !wrong && batch !== null && stream !== null && 'text-good',
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
