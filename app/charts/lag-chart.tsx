import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts'
import { CHART, GRID, tooltipOf, X_AXIS, Y_AXIS } from '#app/charts/chart-parts.tsx'
import { formatCount } from '#app/format/number.ts'
import { formatTime } from '#app/format/time.ts'
import type { LagSample } from '#app/pipeline/lag/lag-history.ts'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { PathTag } from '#app/ui/marks.tsx'

/** Two lines over the last minutes: the batch path's saw and the stream's floor. Dashes tell the batch line without its colour. */
export function LagChart({ samples }: { samples: readonly LagSample[] }) {
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
        tickFormatter={tick}
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

function tick(at: number): string {
  return formatTime(at, PIPELINE_ZONE)
}
