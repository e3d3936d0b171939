import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts'
import { CHART, GRID, tooltipOf, X_AXIS, Y_AXIS } from '#app/charts/chart-parts.tsx'
import { formatCount } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'

/** A moment of a shelf: what lay there, or what is foreseen with its band. */
interface ShelfPoint {
  at: number
  held?: number
  foreseen?: number
  band?: [number, number]
}

/**
 * What lay on a shelf, what will if nothing comes, and when something does. Steps: goods leave one by one.
 * @param deliveries when they are due
 */
export function ShelfChart({
  held,
  foreseen,
  deliveries,
  zone,
  now,
}: {
  held: readonly { at: number; units: number }[]
  foreseen: readonly { at: number; units: number; low: number; high: number }[]
  deliveries: readonly { at: number; units: number }[]
  zone: string
  now: number
}) {
  const data: ShelfPoint[] = [
    ...held.map(({ at, units }) => ({ at, held: units })),
    ...foreseen.map(({ at, units, low, high }) => ({
      at,
      foreseen: units,
      band: [low, high] as [number, number],
    })),
  ]
  const first = data[0]?.at ?? now
  const last = Math.max(data.at(-1)?.at ?? now, ...deliveries.map(({ at }) => at))
  return (
    <ComposedChart
      {...CHART}
      data={data}
      aria-label="What lay on the shelf hour by hour, and what will lie there if nothing comes. The figures beside it say the same."
    >
      <CartesianGrid {...GRID} />
      <XAxis
        {...X_AXIS}
        dataKey="at"
        type="number"
        scale="time"
        domain={[first, last]}
        allowDataOverflow
        tickFormatter={(at: number) => formatMoment(at, zone, now)}
        minTickGap={48}
      />
      <YAxis {...Y_AXIS} />
      <Tooltip
        {...tooltipOf((point: ShelfPoint) => ({
          title: formatMoment(point.at, zone, now),
          lines: [
            ...(point.held === undefined
              ? []
              : [{ key: 'held', name: 'On hand', value: formatCount(point.held) }]),
            ...(point.foreseen === undefined || point.band === undefined
              ? []
              : [
                  { key: 'foreseen', name: 'Foreseen', value: formatCount(Math.round(point.foreseen)) },
                  {
                    key: 'band',
                    name: 'In four cases of five',
                    value: `${formatCount(Math.round(point.band[0]))} to ${formatCount(Math.round(point.band[1]))}`,
                  },
                ]),
          ],
        }))}
      />
      <Area dataKey="band" stroke="none" fill="var(--stream)" fillOpacity={0.16} {...STILL} />
      <Line dataKey="held" type="stepAfter" stroke="var(--stream)" strokeWidth={1.75} {...STILL} />
      <Line dataKey="foreseen" stroke="var(--stream)" strokeDasharray="4 3" {...STILL} />
      <ReferenceLine x={now} stroke="var(--control)" label={labelOf('now', 'insideTopRight')} />
      {deliveries.map(({ at, units }) => (
        <ReferenceLine
          key={at}
          x={at}
          stroke="var(--good)"
          strokeDasharray="2 2"
          label={labelOf(`+${formatCount(units)}`, 'insideTopLeft')}
        />
      ))}
    </ComposedChart>
  )
}

const STILL = { dot: false, activeDot: false, isAnimationActive: false } as const

function labelOf(value: string, position: 'insideTopRight' | 'insideTopLeft') {
  return { value, position, fill: 'var(--muted)', fontSize: 11 } as const
}
