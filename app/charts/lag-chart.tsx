import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts'
import { CHART, GRID, tooltipOf, X_AXIS, Y_AXIS } from '#app/charts/chart-parts.tsx'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import type { LagSample } from '#app/pipeline/lag/lag-history.ts'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { MINUTE_MS } from '#domain/instant.ts'

/** Two lines over the last minutes: the batch path's saw and the stream's floor. Dashes tell the batch line without its colour. */
export function LagChart({ samples }: { samples: readonly LagSample[] }) {
  const spanMs = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)
  return (
    <LineChart
      {...CHART}
      data={samples}
      aria-label="Events not read yet by batch and stream over the last minutes. The table shows the same figures."
    >
      <CartesianGrid {...GRID} />
      <XAxis
        {...X_AXIS}
        dataKey="at"
        type="number"
        domain={DOMAIN}
        scale="time"
        tickFormatter={spanMs < SECONDS_BELOW_MS ? tickWithSeconds : tick}
        minTickGap={48}
      />
      <YAxis {...Y_AXIS} />
      <Tooltip
        {...tooltipOf((sample: LagSample) => ({
          title: formatTime(sample.at, PIPELINE_ZONE, { seconds: true }),
          lines: [
            { key: 'batch', name: <PathTag path="batch" />, value: formatCount(sample.batchEvents) },
            { key: 'stream', name: <PathTag path="stream" />, value: formatCount(sample.streamEvents) },
          ],
        }))}
      />
      <Line dataKey="batchEvents" stroke="var(--batch)" strokeDasharray="5 3" {...LINE} />
      <Line dataKey="streamEvents" stroke="var(--stream)" {...LINE} />
    </LineChart>
  )
}

const LINE = { strokeWidth: 1.75, dot: false, isAnimationActive: false } as const
const DOMAIN: [string, string] = ['dataMin', 'dataMax']

/** In a shorter span marks of whole minutes would be called alike. */
const SECONDS_BELOW_MS = 10 * MINUTE_MS

function tick(at: number): string {
  return formatTime(at, PIPELINE_ZONE)
}

function tickWithSeconds(at: number): string {
  return formatTime(at, PIPELINE_ZONE, { seconds: true })
}
