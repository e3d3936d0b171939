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
  BATCH_BAR,
  batchBarLook,
  CHART,
  type Describe,
  GRID,
  tooltipOf,
  X_AXIS,
  Y_AXIS,
} from '#app/charts/chart-parts.tsx'
import { cutOpenLine, type DrawnPoint, type PairPoint } from '#app/charts/pair-points.ts'
import { signedScale } from '#app/charts/signed-scale.ts'

/**
 * Batch as bars, stream as a line over them. A step that is still open is pale and dashed: both paths will
 * add to it.
 */
export function PairChart({
  points,
  description,
  tooltip,
}: {
  points: readonly PairPoint[]
  /** What the chart shows, for who does not see it; the table holds the figures. */
  description: string
  tooltip: Describe
}) {
  const drawn = useMemo(() => cutOpenLine(points), [points])
  const scale = useMemo(
    () => signedScale(points.flatMap(({ batch, stream }) => [batch ?? 0, stream ?? 0])),
    [points],
  )
  // A line through a few points hides that they are points.
  const dot = points.length <= 31 ? STREAM_DOT : false
  return (
    <ComposedChart {...CHART} data={drawn} aria-label={description}>
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} />
      <YAxis {...Y_AXIS} {...scale} />
      <Tooltip {...tooltipOf((point: PairPoint) => tooltip(point.key))} cursor={CURSOR} />
      <Bar dataKey="batch" {...BATCH_BAR} shape={BatchBar} />
      <Line dataKey="streamClosed" {...STREAM_LINE} dot={dot} />
      <Line dataKey="streamOpen" {...STREAM_LINE} dot={dot} strokeDasharray="3 4" />
    </ComposedChart>
  )
}

function BatchBar({ x, y, width, height, payload }: BarShapeProps) {
  const look = batchBarLook((payload as DrawnPoint | undefined)?.open ?? false)
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
