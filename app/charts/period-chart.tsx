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

/** One bar: a period as the batch path has it, and the period it is held against. For drawing only. */
export interface PeriodPoint {
  key: string
  label: string
  value: number | null
  before: number | null
  /** More will be added: pale and dashed. */
  open: boolean
  /** Its published figure has changed: the bar carries a mark. */
  restated: boolean
}

/** Periods as batch bars, those they are held against as a quiet line. */
export function PeriodChart({
  points,
  description,
  isWhole,
  tooltip,
}: {
  points: readonly PeriodPoint[]
  description: string
  /** Steps of the scale are whole numbers; off for ratings. */
  isWhole: boolean
  tooltip: (key: string) => { title: string; lines: readonly TooltipLine[] } | null
}) {
  // A line through a few points hides that they are points.
  const dot = points.length <= 31 ? BEFORE_DOT : false
  return (
    <ComposedChart
      responsive
      data={points}
      margin={CHART_MARGIN}
      aria-label={description}
      className="min-h-0 w-full grow text-2xs"
    >
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} />
      <YAxis {...Y_AXIS} allowDecimals={!isWhole} />
      <Tooltip
        isAnimationActive={false}
        cursor={CURSOR}
        content={({ active, payload }) => {
          const point: PeriodPoint | undefined = payload[0]?.payload
          const content = active && point ? tooltip(point.key) : null
          return content ? <ChartTooltip {...content} /> : null
        }}
      />
      <Bar dataKey="value" isAnimationActive={false} maxBarSize={56} shape={PeriodBar} />
      <Line dataKey="before" {...BEFORE_LINE} dot={dot} />
    </ComposedChart>
  )
}

function PeriodBar({ x, y, width, height, payload }: BarShapeProps) {
  const point = payload as PeriodPoint
  if (point.value === null) return null
  const look = point.open
    ? { fill: 'var(--batch-pale)', stroke: 'var(--batch)', strokeDasharray: '3 3' }
    : { fill: 'var(--batch)' }
  const top = Math.min(y, y + height)
  const middle = x + width / 2
  return (
    <g>
      <Rectangle x={x} y={y} width={width} height={height} radius={[3, 3, 0, 0]} {...look} />
      {point.restated ? (
        <path
          d={`M${middle} ${top - 10}l4 4l-4 4l-4 -4Z`}
          fill="var(--text)"
          stroke="var(--panel)"
          strokeWidth={1}
        />
      ) : null}
    </g>
  )
}

const CURSOR = { fill: 'var(--faint)' }
const BEFORE_DOT = {
  r: 2,
  fill: 'var(--panel)',
  stroke: 'var(--muted)',
  strokeWidth: 1.25,
  strokeDasharray: '0',
}
const BEFORE_LINE = {
  type: 'linear',
  stroke: 'var(--muted)',
  strokeWidth: 1.5,
  strokeDasharray: '5 3',
  activeDot: { r: 3, fill: 'var(--muted)', stroke: 'var(--panel)' },
  isAnimationActive: false,
} as const
