import { useMemo } from 'react'
import { Bar, BarChart, type BarShapeProps, CartesianGrid, Rectangle, Tooltip, XAxis, YAxis } from 'recharts'
import {
  CHART_MARGIN,
  ChartTooltip,
  GRID,
  type TooltipLine,
  X_AXIS,
  Y_AXIS,
} from '#app/charts/chart-parts.tsx'
import { signedScale } from '#app/charts/signed-scale.ts'
import type { WindowState } from '#domain/window.ts'

/** One bar: a minute as the stream has it. */
export interface MinutePoint {
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
  tooltip: (key: string) => { title: string; lines: readonly TooltipLine[] } | null
}) {
  const scale = useMemo(() => signedScale(points.map(point => point.value)), [points])
  return (
    <BarChart
      responsive
      data={points}
      margin={CHART_MARGIN}
      barCategoryGap={1}
      aria-label={description}
      className="min-h-0 w-full grow text-2xs"
    >
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} minTickGap={28} />
      <YAxis {...Y_AXIS} {...scale} />
      <Tooltip
        isAnimationActive={false}
        cursor={CURSOR}
        content={({ active, payload }) => {
          const point: MinutePoint | undefined = payload[0]?.payload
          const content = active && point ? tooltip(point.key) : null
          return content ? <ChartTooltip {...content} /> : null
        }}
      />
      <Bar dataKey="value" isAnimationActive={false} shape={MinuteBar} />
    </BarChart>
  )
}

function MinuteBar({ x, y, width, height, payload }: BarShapeProps) {
  const point = payload as MinutePoint
  if (point.state === null) return null
  const top = Math.min(y, y + height)
  return (
    <g>
      <Rectangle x={x} y={y} width={width} height={height} {...STATE_LOOKS[point.state]} />
      {point.revised ? (
        <path d={diamond(x + width / 2, top - 6)} fill="var(--text)" stroke="var(--panel)" strokeWidth={1} />
      ) : null}
    </g>
  )
}

/** Settled is solid; what may still be revised is lighter; what is still filling is an outline. */
export const STATE_LOOKS: Record<
  WindowState,
  { fill: string; fillOpacity: number; stroke: string; strokeDasharray?: string }
> = {
  final: { fill: 'var(--stream)', fillOpacity: 1, stroke: 'var(--stream)' },
  closed: { fill: 'var(--stream)', fillOpacity: 0.6, stroke: 'var(--stream)' },
  open: { fill: 'var(--stream)', fillOpacity: 0.12, stroke: 'var(--stream)', strokeDasharray: '2 2' },
}

function diamond(x: number, y: number): string {
  return `M${x} ${y - 4}L${x + 4} ${y}L${x} ${y + 4}L${x - 4} ${y}Z`
}

const CURSOR = { fill: 'var(--faint)' }
