import { useMemo } from 'react'
import {
  Bar,
  type BarShapeProps,
  CartesianGrid,
  ComposedChart,
  Line,
  Rectangle,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'
import {
  CHART_MARGIN,
  ChartTooltip,
  GRID,
  type TooltipLine,
  X_AXIS,
  Y_AXIS,
} from '#app/charts/chart-parts.tsx'
import { cutOpenLine, type DrawnPoint, type PairPoint } from '#app/charts/pair-points.ts'
import { signedScale } from '#app/charts/signed-scale.ts'

/**
 * Batch as bars, stream as a line over them. A step that is still open is pale and dashed: both paths will
 * add to it. Bars start at zero; returns below zero hang down from it.
 */
export function PairChart({
  points,
  description,
  tooltip,
}: {
  points: readonly PairPoint[]
  /** What the chart shows, for who does not see it; the table holds the figures. */
  description: string
  tooltip: (key: string) => { title: string; lines: readonly TooltipLine[] } | null
}) {
  const drawn = useMemo(() => cutOpenLine(points), [points])
  const scale = useMemo(
    () => signedScale(points.flatMap(({ batch, stream }) => [batch ?? 0, stream ?? 0])),
    [points],
  )
  // A line through a few points hides that they are points.
  const dot = points.length <= 31 ? STREAM_DOT : false
  return (
    <ComposedChart
      responsive
      data={drawn}
      margin={CHART_MARGIN}
      aria-label={description}
      className="min-h-0 w-full grow text-2xs"
    >
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} />
      <YAxis {...Y_AXIS} {...scale} />
      <Tooltip
        isAnimationActive={false}
        cursor={CURSOR}
        content={({ active, payload }) => {
          const point: DrawnPoint | undefined = payload[0]?.payload
          const content = active && point ? tooltip(point.key) : null
          return content ? <ChartTooltip {...content} /> : null
        }}
      />
      <Bar dataKey="batch" isAnimationActive={false} maxBarSize={56} shape={BatchBar} />
      <Line dataKey="streamClosed" {...STREAM_LINE} dot={dot} />
      <Line dataKey="streamOpen" {...STREAM_LINE} dot={dot} strokeDasharray="3 4" />
    </ComposedChart>
  )
}

function BatchBar({ x, y, width, height, payload }: BarShapeProps) {
  const open = (payload as DrawnPoint | undefined)?.open
  const look = open
    ? { fill: 'var(--batch-pale)', stroke: 'var(--batch)', strokeDasharray: '3 3' }
    : { fill: 'var(--batch)' }
  return <Rectangle x={x} y={y} width={width} height={height} radius={[3, 3, 0, 0]} {...look} />
}

const CURSOR = { stroke: 'var(--muted)' }
const STREAM_DOT = { r: 2.5, fill: 'var(--stream)', stroke: 'var(--panel)', strokeWidth: 1 }
const STREAM_LINE = {
  type: 'linear',
  stroke: 'var(--stream)',
  strokeWidth: 2.25,
  activeDot: { r: 4, fill: 'var(--stream)', stroke: 'var(--panel)' },
  isAnimationActive: false,
} as const
