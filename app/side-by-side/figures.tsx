'use client'

import { formatMoment, formatTime } from '#app/format/time.ts'
import { basesOf } from '#app/side-by-side/basis.ts'
import { METRIC_TEXTS, METRICS, type Metric } from '#app/side-by-side/metrics.ts'
import { averageOrderValueTexts, findMetric, pairTexts } from '#app/side-by-side/pairs.ts'
import type { SideBySide } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { type Pair, PairFigure } from '#app/ui/pair-figure.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useNow } from '#app/ui/use-now.ts'

/** The figures of the page, each as both paths have it. */
export function Figures({
  query,
  currency,
  zone,
  onExplain,
}: {
  query: CardQuery<SideBySide>
  currency: string
  zone: string
  /** Shows why a metric differs. */
  onExplain: (metric: Metric) => void
}) {
  if (query.error && !query.data) {
    // One question has failed, and one card says so.
    return (
      <Card title="Figures">
        <CardContent query={query} skeleton={null}>
          {() => null}
        </CardContent>
      </Card>
    )
  }
  return (
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-6 min-[88rem]:grid-cols-5">
      {METRICS.map(metric => (
        <Figure
          key={metric}
          name={metric}
          query={query}
          currency={currency}
          zone={zone}
          onExplain={() => onExplain(metric)}
        />
      ))}
      <Figure
        name="averageOrderValue"
        query={query}
        currency={currency}
        zone={zone}
        // What it is made of is explained with the net sales.
        onExplain={() => onExplain('net')}
      />
    </div>
  )
}

/** Five cards: one and two pairs on a tablet, two and three on a small screen, five in a row on a large one. */
const WIDTHS: Record<Metric | 'averageOrderValue', string> = {
  net: 'sm:col-span-2 lg:col-span-3 min-[88rem]:col-span-1',
  orders: 'lg:col-span-3 min-[88rem]:col-span-1',
  units: 'lg:col-span-2 min-[88rem]:col-span-1',
  returns: 'lg:col-span-2 min-[88rem]:col-span-1',
  averageOrderValue: 'lg:col-span-2 min-[88rem]:col-span-1',
}

function Figure({
  name,
  query,
  currency,
  zone,
  onExplain,
}: {
  name: Metric | 'averageOrderValue'
  query: CardQuery<SideBySide>
  currency: string
  zone: string
  onExplain: () => void
}) {
  const { title, definition, kind } = METRIC_TEXTS[name]
  return (
    <Card
      title={title}
      unit={kind === 'money' ? currency : undefined}
      compact
      className={WIDTHS[name]}
      actions={
        query.data ? (
          <BasisPopover
            title={title}
            definition={definition}
            bases={basesOf(query.data.batchBasis, query.data.streamBasis, zone)}
          />
        ) : (
          <span className="size-8" />
        )
      }
    >
      <CardContent query={query} skeleton={<FigureSkeleton />} staleNote={false}>
        {data => <FigurePair name={name} data={data} currency={currency} zone={zone} onExplain={onExplain} />}
      </CardContent>
    </Card>
  )
}

function FigurePair({
  name,
  data,
  currency,
  zone,
  onExplain,
}: {
  name: Metric | 'averageOrderValue'
  data: SideBySide
  currency: string
  zone: string
  onExplain: () => void
}) {
  const asOf = useAsOf(data, zone)
  const comparison = name === 'averageOrderValue' ? undefined : findMetric(data.metrics, name)
  const texts = comparison ? pairTexts(comparison, currency) : averageOrderValueTexts(data.metrics, currency)
  const pair: Pair = {
    ...texts,
    batch: { value: texts.batch, asOf: asOf.batch },
    stream: { value: texts.stream, asOf: asOf.stream },
  }
  return <PairFigure pair={pair} onExplain={onExplain} />
}

/** When each path last looked. Without a clock (on the server) its own newest moment stands for now. */
function useAsOf({ batchBasis, streamBasis }: SideBySide, zone: string): Record<'batch' | 'stream', string> {
  const { computedAt } = batchBasis
  const { processedAt } = streamBasis
  const now = useNow() ?? Math.max(computedAt ?? 0, processedAt ?? 0)
  return {
    batch: computedAt === null ? 'not run yet' : formatMoment(computedAt, zone, now),
    stream: processedAt === null ? 'nothing yet' : streamMoment(processedAt, zone, now),
  }
}

/** To the second while it is today's: a stream is judged by seconds. */
function streamMoment(processedAt: number, zone: string, now: number): string {
  const moment = formatMoment(processedAt, zone, now)
  const time = formatTime(processedAt, zone)
  return moment === time ? formatTime(processedAt, zone, { seconds: true }) : moment
}

/** As large as a pair, so that nothing moves when it comes. */
function FigureSkeleton() {
  return (
    <>
      <div className="grid gap-1.5">
        <Skeleton className="h-[1.725rem]" />
        <Skeleton className="h-[1.725rem]" />
      </div>
      <div className="mt-3 border-t border-line pt-2">
        <Skeleton className="h-12 opacity-60" />
      </div>
    </>
  )
}
