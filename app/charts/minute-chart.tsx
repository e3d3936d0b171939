import { useMemo } from 'react'
import { Bar, BarChart, type BarShapeProps, CartesianGrid, Rectangle, Tooltip, XAxis, YAxis } from 'recharts'
import {
  CHART,
  type Describe,
  GRID,
  RevisedMark,
  tooltipOf,
  X_AXIS,
  Y_AXIS,
} from '#app/charts/chart-parts.tsx'
import { signedScale } from '#app/charts/signed-scale.ts'
import type { WindowState } from '#domain/window.ts'

/** One bar: a minute as the stream has it. */
interface MinutePoint {
  key: string
  label: string
  value: number
  state: WindowState | null
  /** Counted late events: the bar then carries a mark. */
  revised: boolean
}

/** Minutes from the stream alone. How settled a minute is shows in its bar; a mark says that it was revised. */
export function MinuteChart({
  points,
  description,
  tooltip,
}: {
  points: readonly MinutePoint[]
  description: string
  tooltip: Describe
}) {
  const scale = useMemo(() => signedScale(points.map(point => point.value)), [points])
  return (
    <BarChart {...CHART} data={points} barCategoryGap={1} aria-label={description}>
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} minTickGap={28} />
      <YAxis {...Y_AXIS} {...scale} />
      <Tooltip {...tooltipOf((point: MinutePoint) => tooltip(point.key))} cursor={CURSOR} />
      <Bar dataKey="value" isAnimationActive={false} shape={MinuteBar} />
    </BarChart>
  )
}

function MinuteBar({ x, y, width, height, payload }: BarShapeProps) {
  const point = payload as MinutePoint
  if (point.state === null) return null
  return (
    <g>
      <Rectangle x={x} y={y} width={width} height={height} {...STATE_LOOKS[point.state]} />
      {point.revised ? <RevisedMark x={x + width / 2} y={Math.min(y, y + height) - 6} /> : null}
    </g>
  )
}

/** Settled is solid; what may still be revised is lighter; what is still filling is an outline. */
const STATE_LOOKS: Record<
  WindowState,
  { fill: string; fillOpacity: number; stroke: string; strokeDasharray?: string }
> = {
  final: { fill: 'var(--stream)', fillOpacity: 1, stroke: 'var(--stream)' },
  closed: { fill: 'var(--stream)', fillOpacity: 0.6, stroke: 'var(--stream)' },
  open: { fill: 'var(--stream)', fillOpacity: 0.12, stroke: 'var(--stream)', strokeDasharray: '2 2' },
}

const CURSOR = { fill: 'var(--faint)' }
