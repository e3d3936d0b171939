import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts'
import { CHART, GRID, tooltipOf, X_AXIS, Y_AXIS } from '#app/charts/chart-parts.tsx'
import { formatCount } from '#app/format/number.ts'
import { formatAge, formatLag, formatTime } from '#app/format/time.ts'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'

interface Sample {
  at: number
  streamEvents: number
  streamMs: number
  batchEvents: number
  batchMs: number
}

/** Something that happened, as a mark in a lane of its kind. */
interface Mark {
  at: number
  kind: string
  text: string
}

/** Room for the names of lanes, and for ages beside the axes above them. */
const LABELS_PX = 84

/**
 * How long the oldest unread event of each path had waited, over 24 hours: two charts, since the paths differ by a factor
 * of hundreds, and below them what happened, a lane for each kind, all over one axis of time.
 */
export function LagDayChart({
  samples,
  marks,
  now,
}: {
  samples: readonly Sample[]
  marks: readonly Mark[]
  now: number
}) {
  const from = Math.max(
    now - DAY_MS,
    Math.min(now - MINUTE_MS, ...samples.map(({ at }) => at), ...marks.map(({ at }) => at)),
  )
  const domain: [number, number] = [from, now]
  const data = withGaps(samples)
  const kinds = [...new Set(marks.map(({ kind }) => kind))].sort()
  return (
    <div className="flex min-h-0 grow flex-col gap-1">
      {(['batch', 'stream'] as const).map(path => (
        <div key={path} className="flex h-28 flex-col">
          <LineChart
            {...CHART}
            data={data}
            syncId="lag of a day"
            aria-label={`How long the oldest event that ${path} had not read had waited, over 24 hours. The table shows the same figures.`}
          >
            <CartesianGrid {...GRID} />
            <XAxis
              {...X_AXIS}
              dataKey="at"
              type="number"
              domain={domain}
              allowDataOverflow
              scale="time"
              tickFormatter={tick}
              minTickGap={48}
            />
            <YAxis {...Y_AXIS} width={LABELS_PX} tickFormatter={age} tickCount={3} domain={FROM_ZERO} />
            <Tooltip
              {...tooltipOf((sample: Sample) => ({
                title: formatTime(sample.at, PIPELINE_ZONE, { seconds: true }),
                lines: [
                  {
                    key: path,
                    name: <PathTag path={path} />,
                    value: `${formatAge(sample[`${path}Ms`])}, ${formatCount(sample[`${path}Events`])} events`,
                  },
                ],
              }))}
            />
            <Line dataKey={`${path}Ms`} stroke={`var(--${path})`} {...LINE} />
          </LineChart>
        </div>
      ))}
      <div aria-hidden="true" className="grid gap-1 pt-1 text-2xs text-muted">
        {kinds.map(kind => (
          <div key={kind} className="flex items-center">
            <span className="shrink-0 pr-2 text-right whitespace-nowrap" style={{ width: LABELS_PX }}>
              {kind}
            </span>
            <span className="relative mr-1 h-3 grow border-b border-line">
              {marks
                .filter(mark => mark.kind === kind && mark.at >= from)
                .map(({ at, text }, index) => (
                  <span
                    // biome-ignore lint/suspicious/noArrayIndexKey: several of a kind may be of one moment
                    key={`${at} ${index}`}
                    title={`${formatTime(at, PIPELINE_ZONE, { seconds: true })} ${text}`}
                    className="absolute top-0.5 size-2 -translate-x-1/2 rounded-full bg-text"
                    style={{ left: `${(100 * (at - from)) / Math.max(1, now - from)}%` }}
                  />
                ))}
            </span>
          </div>
        ))}
      </div>
    </div>
  )
}

const LINE = { strokeWidth: 1.75, dot: false, isAnimationActive: false, connectNulls: false } as const
/** An hour of zeros keeps an axis too. */
const FROM_ZERO: [number, (most: number) => number] = [0, most => Math.max(SECOND_MS, most)]

/** A minute without a sample, and one that was late, is no gap. */
const GAP_MS = 3 * MINUTE_MS

/** Where nobody took samples the line is broken. */
function withGaps(samples: readonly Sample[]): (Sample | { at: number })[] {
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1]
    return before && sample.at - before.at > GAP_MS ? [{ at: before.at + 1 }, sample] : [sample]
  })
}

function tick(at: number): string {
  return formatTime(at, PIPELINE_ZONE)
}

function age(ms: number): string {
  return ms === 0 ? '0' : formatLag(ms)
}
