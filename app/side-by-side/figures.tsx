import { ArrowDown, Check, TriangleAlert } from 'lucide-react'
import type { CSSProperties } from 'react'
import { formatMoment } from '#app/format/time.ts'
import { hasUnexplained, otherName, otherText, streamName } from '#app/side-by-side/answers.ts'
import {
  averageOrderValueTexts,
  findMetric,
  type PairVerdict,
  pairTexts,
  verdictOf,
} from '#app/side-by-side/pairs.ts'
import type { SideBySide } from '#app/trpc/router-outputs.ts'
import { BasisPopover, basesOf } from '#app/ui/basis.tsx'
import { Card, CardContent, type CardQuery, Skeleton, WaitingCard } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'
import { Chip, type Path, PathMarker } from '#app/ui/marks.tsx'
import { METRICS, type Metric } from '#app/url-state.ts'
import { METRIC_TEXTS, type MetricText } from '#domain/measures.ts'

type FigureName = Metric | 'averageOrderValue'

/** A ratio: it adds up neither over hours nor over causes. */
const AVERAGE_ORDER_VALUE: MetricText = {
  title: 'Average order value',
  definition: '(Gross sales − discounts) ÷ orders.',
  kind: 'money',
}

/** The figures of the page, each as both paths have it. */
export function Figures({
  query,
  currency,
  currencies,
  zone,
  onExplain,
}: {
  query: CardQuery<SideBySide>
  currency: string
  /** Those one may choose from: of several, counts are those of one too. */
  currencies: readonly string[]
  zone: string
  /** Shows why a metric differs. */
  onExplain: (metric: Metric) => void
}) {
  // One question has failed, and one card says so.
  if (query.error && !query.data) return <WaitingCard title="Figures" query={query} />
  return (
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-6 min-[88rem]:grid-cols-5">
      {([...METRICS, 'averageOrderValue'] as const).map(name => (
        <Figure
          key={name}
          name={name}
          query={query}
          unit={currency}
          isOneOfSeveral={currencies.length > 1}
          zone={zone}
          // What the average is made of is explained with the net sales.
          onExplain={() => onExplain(name === 'averageOrderValue' ? 'net' : name)}
        />
      ))}
    </div>
  )
}

/** Five cards: one and two pairs on a tablet, two and three on a small screen, five in a row on a large one. */
const WIDTHS: Record<FigureName, string> = {
  net: 'sm:col-span-2 lg:col-span-3 min-[88rem]:col-span-1',
  orders: 'lg:col-span-3 min-[88rem]:col-span-1',
  units: 'lg:col-span-2 min-[88rem]:col-span-1',
  returns: 'lg:col-span-2 min-[88rem]:col-span-1',
  averageOrderValue: 'lg:col-span-2 min-[88rem]:col-span-1',
}

function Figure({
  name,
  query,
  unit,
  isOneOfSeveral,
  zone,
  onExplain,
}: {
  name: FigureName
  query: CardQuery<SideBySide>
  unit: string
  isOneOfSeveral: boolean
  zone: string
  onExplain: () => void
}) {
  const { title, definition, kind } = name === 'averageOrderValue' ? AVERAGE_ORDER_VALUE : METRIC_TEXTS[name]
  return (
    <Card
      title={title}
      unit={kind === 'money' ? unit : isOneOfSeveral ? `in ${unit}` : undefined}
      compact
      className={WIDTHS[name]}
      actions={
        <BasisPopover
          title={title}
          definition={definition}
          bases={query.data && basesOf(query.data.batchBasis, query.data.streamBasis, zone)}
        />
      }
    >
      <CardContent query={query} skeleton={<FigureSkeleton />} staleNote={false}>
        {data => <FigurePair name={name} data={data} zone={zone} onExplain={onExplain} />}
      </CardContent>
    </Card>
  )
}

/**
 * Batch above stream above further answers, digit under digit, so that the eye finds where they part; below them by how much
 * they differ and whether that is explained. A path without a figure shows a dash, never a zero.
 */
function FigurePair({
  name,
  data,
  zone,
  onExplain,
}: {
  name: FigureName
  data: SideBySide
  zone: string
  onExplain: () => void
}) {
  const { currency } = data.scope
  const asOf = useAsOf(data, zone)
  const comparison = name === 'averageOrderValue' ? undefined : findMetric(data.metrics, name)
  const { batch, stream, difference, unexplained } = comparison
    ? pairTexts(comparison, currency)
    : averageOrderValueTexts(data.metrics, currency)
  // Both figures are written in one size, small enough for the longer one: a year's sales in a narrow card.
  const others = data.others.map(other => ({
    key: other.basis.generation,
    name: otherName(other, data.others),
    value: otherText(other, name, currency),
    asOf: asOf.other(other.basis.processedAt),
  }))
  const longest = Math.max(batch.length, stream.length, ...others.map(({ value }) => value.length))
  const style = { '--figure-length': longest } as CSSProperties
  const wrong = data.others.filter(hasUnexplained)
  return (
    <div className="@container" style={style}>
      <dl className="grid gap-1.5">
        <PathRow path="batch" name="Batch" value={batch} asOf={asOf.batch} />
        <PathRow path="stream" name={streamName(data)} value={stream} asOf={asOf.stream} />
        {others.map(({ key, ...other }) => (
          <PathRow key={key} path="other" {...other} />
        ))}
        <div className="mt-1.5 flex items-center justify-between gap-2 border-t border-line pt-2 text-2xs">
          <dt className="text-muted">{others.length === 0 ? 'Difference' : `${streamName(data)} − batch`}</dt>
          <dd className="font-medium whitespace-nowrap">{difference}</dd>
        </div>
      </dl>
      <button
        type="button"
        onClick={onExplain}
        className="mt-1.5 flex w-full flex-wrap items-center gap-x-2 gap-y-1 text-2xs text-muted hover:text-text pointer-coarse:py-2"
      >
        <Verdict
          verdict={
            wrong.length > 0 && unexplained === null
              ? {
                  kind: 'unexplained',
                  text: `${wrong.map(other => otherName(other, data.others)).join(', ')} differs`,
                }
              : verdictOf(unexplained, data)
          }
        />
        <span className="ml-auto inline-flex items-center gap-1">
          Why
          <ArrowDown className="size-3" />
        </span>
      </button>
    </div>
  )
}

/** When each path last looked. Without a clock (on the server) its own newest moment stands for now. */
function useAsOf(
  { batchBasis, streamBasis }: SideBySide,
  zone: string,
): Record<Path, string> & { other(processedAt: number | null): string } {
  const { computedAt } = batchBasis
  const { processedAt } = streamBasis
  const now = useNow() ?? Math.max(computedAt ?? 0, processedAt ?? 0)
  // To the second while it is today's: a stream is judged by seconds.
  const streamed = (at: number | null) =>
    at === null ? 'nothing yet' : formatMoment(at, zone, now, { seconds: true })
  return {
    batch: computedAt === null ? 'not run yet' : formatMoment(computedAt, zone, now),
    stream: streamed(processedAt),
    other: streamed,
  }
}

function PathRow({
  path,
  name,
  value,
  asOf,
}: {
  path: Path | 'other'
  name: string
  value: string
  asOf: string
}) {
  return (
    <div className="flex items-center justify-between gap-2">
      <dt className="flex items-center gap-2 text-2xs leading-tight text-muted">
        <PathMarker path={path} />
        <span>
          <span className="block text-text">{name}</span>
          <span className="block whitespace-nowrap">{asOf}</span>
        </span>
      </dt>
      <dd className="pair-figure font-semibold tracking-[-0.02em] whitespace-nowrap">{value}</dd>
    </div>
  )
}

function Verdict({ verdict }: { verdict: PairVerdict }) {
  switch (verdict.kind) {
    case 'explained':
      return (
        <Chip tone="good">
          <Check className="size-3" />
          all explained
        </Chip>
      )
    case 'unexplained':
      return (
        <Chip tone="bad">
          <TriangleAlert className="size-3" />
          {verdict.text}
        </Chip>
      )
    case 'open':
      return <Chip>{verdict.text}</Chip>
  }
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
