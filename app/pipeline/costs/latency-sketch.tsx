import type { ReactNode } from 'react'
import { formatLag, formatShortAge } from '#app/format/time.ts'
import { colourOf, formatQuantile, type Latency, measureOf } from '#app/pipeline/costs/cost-texts.ts'
import { PathMarker } from '#app/ui/marks.tsx'

const WIDTH = 200
const HEIGHT = 44
const GAP = 1

/** One distribution: its quantiles, how its values lie, and the median and 99% over the day. The table has the same figures. */
export function LatencySketch({
  latency,
  now,
}: {
  latency: Latency
  /** The server's clock. */
  now: number
}) {
  const { title, what } = measureOf(latency)
  const path = colourOf(latency)
  const colour = path === null ? 'var(--muted)' : `var(--${path})`
  const quantile = (ms: number | null) => formatQuantile(ms, formatLag)
  return (
    <figure className="flex min-w-0 flex-col gap-1.5 rounded-control border border-line p-3">
      <figcaption className="text-xs">
        <span className="flex items-center gap-1.5 font-medium">
          {path ? <PathMarker path={path} /> : null}
          {title}
        </span>
        <span className="text-2xs text-muted">{what}</span>
      </figcaption>
      <dl className="grid grid-cols-3 gap-x-2 text-2xs">
        {(
          [
            ['Median', latency.p50],
            ['95%', latency.p95],
            ['99%', latency.p99],
          ] as const
        ).map(([name, ms]) => (
          <div key={name}>
            <dt className="text-muted">{name}</dt>
            <dd className="text-xs whitespace-nowrap">{quantile(ms)}</dd>
          </div>
        ))}
      </dl>
      <Distribution latency={latency} colour={colour} />
      <Course latency={latency} colour={colour} now={now} />
    </figure>
  )
}

/** A drawing as wide as its place, and what its axis says. */
function Sketch({ below, children }: { below: ReactNode; children: ReactNode }) {
  return (
    <div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        className="block h-11 w-full border-b border-line"
      >
        {children}
      </svg>
      <p className="flex justify-between text-2xs text-muted">{below}</p>
    </div>
  )
}

/** A bar a bucket, from the least that was met to the most. */
function Distribution({ latency: { buckets }, colour }: { latency: Latency; colour: string }) {
  const most = Math.max(1, ...buckets.map(({ count }) => count))
  const step = WIDTH / Math.max(1, buckets.length)
  const bound = (upToMs: number | null | undefined) =>
    upToMs === null || upToMs === undefined ? 'more' : formatLag(upToMs)
  return (
    <Sketch
      below={
        <>
          <span>≤ {bound(buckets[0]?.upToMs)}</span>
          <span>how often</span>
          <span>≤ {bound(buckets.at(-1)?.upToMs)}</span>
        </>
      }
    >
      {buckets.map(({ upToMs, count }, index) => {
        // What was met at all is seen.
        const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT)
        return (
          <rect
            key={upToMs ?? 'more'}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, Math.min(24, step - GAP))}
            height={height}
            fill={colour}
          />
        )
      })}
    </Sketch>
  )
}

/** Median (thin) and 99% (thick) by half hours, from the first that was measured. */
function Course({ latency: { series }, colour, now }: { latency: Latency; colour: string; now: number }) {
  const [first] = series
  const from = first?.at ?? now
  const most = Math.max(1, ...series.map(({ p99 }) => p99 ?? 0))
  const place = (at: number) => ((at - from) / Math.max(1, now - from)) * WIDTH
  const height = (ms: number) => HEIGHT - 2 - (ms / most) * (HEIGHT - 4)
  const line = (of: 'p50' | 'p99') =>
    series.flatMap(point => {
      const ms = point[of]
      return ms === null ? [] : [`${place(point.at).toFixed(1)},${height(ms).toFixed(1)}`]
    })
  return (
    <Sketch
      below={
        series.length < 2 ? (
          <span>its course shows after an hour</span>
        ) : (
          <>
            <span>{formatShortAge(now - from)} ago</span>
            <span>99%, median thin, up to {formatLag(most)}</span>
            <span>now</span>
          </>
        )
      }
    >
      <Stroke points={line('p50')} colour={colour} width={1} />
      <Stroke points={line('p99')} colour={colour} width={2} />
    </Sketch>
  )
}

function Stroke({ points, colour, width }: { points: readonly string[]; colour: string; width: number }) {
  return (
    <polyline
      points={points.join(' ')}
      fill="none"
      stroke={colour}
      strokeWidth={width}
      vectorEffect="non-scaling-stroke"
    />
  )
}
