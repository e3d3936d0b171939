import dynamic from 'next/dynamic'
import { useMemo } from 'react'
import type { TooltipLine } from '#app/charts/chart-parts.tsx'
import { type PairStep, type StepTexts, stepsOf, stepTexts } from '#app/side-by-side/pairs.ts'
import type { SideBySide } from '#app/trpc/router-outputs.ts'
import { BasisPopover, basesOf } from '#app/ui/basis.tsx'
import { CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathTag } from '#app/ui/marks.tsx'
import { METRICS, type Metric } from '#app/url-state.ts'
import { METRIC_TEXTS } from '#domain/measures.ts'

const PairChart = dynamic(
  () => loadPatiently(() => import('#app/charts/pair-chart.tsx')).then(module => module.PairChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

const CHOICES = METRICS.map(metric => ({ value: metric, label: METRIC_TEXTS[metric].title }))

/** One metric of the chosen days, by hour for one day and by day for several, from both paths. */
export function StepsCard({
  query,
  metric,
  currency,
  zone,
  onMetric,
  className,
}: {
  query: CardQuery<SideBySide>
  metric: Metric
  currency: string
  zone: string
  onMetric: (metric: Metric) => void
  className?: string
}) {
  const { title, definition, kind } = METRIC_TEXTS[metric]
  const byHour = query.data ? query.data.scope.from === query.data.scope.to : true
  return (
    <ChartWithTable
      title={`${title} by ${byHour ? 'hour' : 'day'}`}
      unit={kind === 'money' ? currency : undefined}
      className={className}
      choice={<SegmentedControl label="Figure" segments={CHOICES} value={metric} onChange={onMetric} />}
      actions={
        <BasisPopover
          title={`${title} by ${byHour ? 'hour' : 'day'}`}
          definition={definition}
          bases={
            query.data &&
            basesOf(query.data.hourlyBatchBasis ?? query.data.batchBasis, query.data.streamBasis, zone)
          }
        />
      }
      legend={
        <>
          <PathTag path="batch" detail="bars" />
          <PathTag path="stream" detail="line" />
          {byHour ? <span>pale and dashed: hour still open</span> : null}
        </>
      }
    >
      {show => (
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-full" />}
          isEmpty={({ hours, days }) => hours.length === 0 && days.length === 0}
          empty={
            <EmptyState
              what="Nothing is on file of these days."
              advice="Choose other days or stores above."
            />
          }
        >
          {answer => <Steps show={show} answer={answer} metric={metric} />}
        </CardContent>
      )}
    </ChartWithTable>
  )
}

function Steps({ show, answer, metric }: { show: 'chart' | 'table'; answer: SideBySide; metric: Metric }) {
  const steps = useMemo(() => stepsOf(answer, metric), [answer, metric])
  const points = useMemo(() => steps.map(({ point }) => point), [steps])
  const texts = (step: PairStep) => stepTexts(step, metric, answer.scope.currency)
  const { title } = METRIC_TEXTS[metric]
  if (show === 'table') {
    return (
      <DataTable
        caption={`${title}, batch and stream`}
        rows={steps}
        rowKey={({ point }) => point.key}
        columns={[
          {
            key: 'step',
            header: answer.hours.length > 0 ? 'Hour' : 'Day',
            align: 'left',
            cell: step => (step.point.open ? `${step.title}, open` : step.title),
          },
          { key: 'batch', header: <PathTag path="batch" />, cell: step => texts(step).batch },
          { key: 'stream', header: <PathTag path="stream" />, cell: step => texts(step).stream },
          { key: 'difference', header: 'Difference', cell: step => texts(step).difference },
        ]}
      />
    )
  }
  return (
    <PairChart
      points={points}
      description={`${title}: batch as bars, stream as a line. The table shows the same figures.`}
      tooltip={key => {
        const step = steps.find(({ point }) => point.key === key)
        return step ? { title: step.title, lines: tooltipLines(texts(step)) } : null
      }}
    />
  )
}

function tooltipLines({ batch, stream, difference }: StepTexts): TooltipLine[] {
  return [
    { key: 'batch', name: <PathTag path="batch" />, value: batch },
    { key: 'stream', name: <PathTag path="stream" />, value: stream },
    { key: 'difference', name: 'Difference', value: difference },
  ]
}
