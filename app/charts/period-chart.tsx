import {
  Bar,
  type BarShapeProps,
  CartesianGrid,
  ComposedChart,
  Line,
  Rectangle,
  ReferenceArea,
  Tooltip,
  useChartWidth,
  XAxis,
  YAxis,
} from 'recharts'
import {
  BATCH_BAR,
  batchBarLook,
  CHART,
  type Describe,
  GRID,
  RevisedMark,
  tooltipOf,
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

/** A stretch of periods with a name, such as a promotion: labels of the first and the last. */
export interface NamedBand {
  title: string
  from: string
  to: string
}

/** Periods as batch bars, those they are held against as a quiet line. */
export function PeriodChart({
  points,
  bands = [],
  description,
  isWhole,
  highest,
  tooltip,
}: {
  points: readonly PeriodPoint[]
  bands?: readonly NamedBand[]
  description: string
  /** Steps of the scale are whole numbers; off for ratings. */
  isWhole: boolean
  /** Of a figure that cannot be more, such as a rating. */
  highest?: number | undefined
  tooltip: Describe
}) {
  // A line through a few points hides that they are points.
  const dot = points.length <= 31 ? BEFORE_DOT : false
  return (
    <ComposedChart {...CHART} data={points} aria-label={description}>
      <CartesianGrid {...GRID} />
      <XAxis {...X_AXIS} />
      <YAxis
        {...Y_AXIS}
        allowDecimals={!isWhole}
        {...(highest !== undefined && { domain: [0, highest], tickCount: highest + 1 })}
      />
      {bands.map(({ title, from, to }, row) => (
        <ReferenceArea
          key={`${title} ${from}`}
          x1={from}
          x2={to}
          // One that ends with the chart is within it but for a rounding, by which it would be left out.
          ifOverflow="visible"
          fill="var(--faint)"
          stroke="none"
          label={<BandName title={title} row={row % NAME_ROWS} />}
        />
      ))}
      <Tooltip {...tooltipOf((point: PeriodPoint) => tooltip(point.key))} cursor={CURSOR} />
      <Bar dataKey="value" {...BATCH_BAR} shape={PeriodBar} />
      <Line dataKey="before" {...BEFORE_LINE} dot={dot} />
    </ComposedChart>
  )
}

/** Names of bands that lie in each other stand below each other. */
const NAME_ROWS = 3
const NAME_HEIGHT = 13
/** About, of a letter. */
const LETTER_WIDTH = 6

/** The name of a band at its top, towards the middle of the chart where it would not fit. */
function BandName({
  title,
  row,
  viewBox,
}: {
  title: string
  row: number
  viewBox?: { x: number; y: number; width: number }
}) {
  const width = useChartWidth() ?? 0
  if (!viewBox) return null
  const { x, y, width: own } = viewBox
  const fits = x + title.length * LETTER_WIDTH < width
  return (
    <text
      x={fits ? x + 3 : x + own - 3}
      y={y + 11 + row * NAME_HEIGHT}
      textAnchor={fits ? 'start' : 'end'}
      fill="var(--muted)"
      stroke="var(--panel)"
      strokeWidth={3}
      paintOrder="stroke"
      fontSize="0.6875rem"
    >
      {title}
    </text>
  )
}

function PeriodBar({ x, y, width, height, payload }: BarShapeProps) {
  const point = payload as PeriodPoint
  if (point.value === null) return null
  return (
    <g>
      <Rectangle
        x={x}
        y={y}
        width={width}
        height={height}
        radius={[3, 3, 0, 0]}
        {...batchBarLook(point.open)}
      />
      {point.restated ? <RevisedMark x={x + width / 2} y={Math.min(y, y + height) - 6} /> : null}
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
