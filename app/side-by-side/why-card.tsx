'use client'

import { useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { CAUSE_TEXTS, CauseRow } from '#app/side-by-side/cause-row.tsx'
import { EventsDialog, type EventsShown } from '#app/side-by-side/events-dialog.tsx'
import { METRIC_TEXTS, type Metric } from '#app/side-by-side/metrics.ts'
import { findMetric, formatValue } from '#app/side-by-side/pairs.ts'
import type { DifferenceClass, MetricComparison, SideBySide } from '#app/trpc/router-outputs.ts'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { PathTag } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'

/** The step from the batch figure to the live one, cause by cause, to the event. */
export function WhyCard({
  query,
  metric,
  currency,
  zone,
  id,
  className,
}: {
  query: CardQuery<SideBySide>
  metric: Metric
  currency: string
  zone: string
  /** Where a figure's "Why" leads. */
  id: string
  className?: string
}) {
  const { title, kind } = METRIC_TEXTS[metric]
  return (
    <div id={id} className={classNames('grid scroll-mt-20', className)}>
      <Card
        title={`Why ${title.toLowerCase()} differ`}
        unit={kind === 'money' ? currency : undefined}
        note={query.data ? coverageText(query.data) : null}
      >
        <CardContent query={query} skeleton={<WhySkeleton />}>
          {answer => <Causes answer={answer} metric={metric} currency={currency} zone={zone} />}
        </CardContent>
      </Card>
    </div>
  )
}

/** All of them, in this order, whether or not they contribute: rows that came and went would make the table jump. */
const CAUSES = ['after-batch', 'before-stream', 'rule-version', 'unexplained'] as const

function Causes({
  answer,
  metric,
  currency,
  zone,
}: {
  answer: SideBySide
  metric: Metric
  currency: string
  zone: string
}) {
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
              From batch to stream
            </th>
            <th scope="col" className="pb-2 pl-3 text-right font-normal">
              Events
            </th>
            <th scope="col" className="pb-2 pl-3 text-right font-normal">
              Effect
            </th>
          </tr>
        </thead>
        <tbody>
          <EndRow
            path="batch"
            detail={runText(answer)}
            value={batch === null ? '–' : formatValue(batch, unit, currency)}
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
          <EndRow path="stream" value={formatValue(stream, unit, currency)} />
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

function EndRow({ path, detail, value }: { path: 'batch' | 'stream'; detail?: string; value: string }) {
  return (
    <tr className={classNames('font-semibold', path === 'stream' && 'border-t border-line')}>
      <th scope="row" className="border-t border-line py-2 text-left">
        <PathTag path={path} detail={detail} className="text-xs" />
      </th>
      <td className="border-t border-line" />
      <td className="border-t border-line py-2 pl-3 text-right whitespace-nowrap">{value}</td>
    </tr>
  )
}

/** A batch figure over days that no run has covered is a part of the whole, and must say so. */
function coverageText({ coverage: { storeDays, withBatch } }: SideBySide): string {
  return withBatch < storeDays
    ? `batch has covered ${formatCount(withBatch)} of ${plural(storeDays, 'store-day')}`
    : 'to the event'
}

function runText({ batchBasis: { runId } }: SideBySide): string {
  return runId === null ? 'not run yet' : `run ${formatCount(runId)}`
}

/** As tall as the table it stands for. */
function WhySkeleton() {
  return (
    <div className="grid gap-2">
      {['head', 'batch', 'after', 'before', 'rules', 'unexplained', 'stream'].map(row => (
        <Skeleton key={row} className="h-8" />
      ))}
    </div>
  )
}
