import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { OUT_OF_ORDERNESS_MS } from '#domain/watermark.ts'
import { ALLOWED_LATENESS_MS } from '#domain/window.ts'
import type { Serving } from '#server/serving/serving.ts'

/**
 * Upper ends of the buckets: how long after it happened an event was appended. Up to 30 s is out of order and never late;
 * past two hours its window was final. The first bucket is of clocks that run ahead, the last has no end.
 */
export const LATENESS_BUCKETS_MS = [
  0,
  SECOND_MS,
  5 * SECOND_MS,
  OUT_OF_ORDERNESS_MS,
  90 * SECOND_MS,
  10 * MINUTE_MS,
  ALLOWED_LATENESS_MS,
] as const

/** How late the live events of a store, a source or all of them came, in ms from event to append. */
export interface LatenessRow {
  /** Null: all of them. */
  name: string | null
  events: number
  /** As `LATENESS_BUCKETS_MS`, with one more for what lies past the last. */
  counts: number[]
  medianMs: number
  p95Ms: number
  p99Ms: number
  mostMs: number
}

export interface Lateness {
  now: Instant
  bucketsMs: readonly number[]
  /** The oldest append that was looked at; null where nothing was. */
  since: Instant | null
  /** More came than are looked at: of each ten minutes and partition the first `mostOfSlice`. */
  isSample: boolean
  mostOfSlice: number
  all: LatenessRow | null
  /** The latest first, by their 95th percentile. */
  rows: LatenessRow[]
}

/** Six hours in slices of ten minutes. */
const SLICES = 36
const SLICE_MINUTES = 10
/**
 * Of a slice and partition, by the log's index: 43,000 rows at most, whatever the log holds. At 48 events a second, where
 * all slices are full, that took 0.4 to 0.6 s on two busy cores, a third of it the reading.
 */
const MOST_OF_SLICE = 300
const MOST_ROWS = 200

/** How late live events came in the last six hours. Files and journals are left out: they are never late. */
export async function readLateness(
  { sql }: Pick<Serving, 'sql'>,
  { by }: { by: 'store' | 'source' },
): Promise<Lateness> {
  const rows = await sql<(LatenessRow & { isAll: boolean; since: Instant; most: number; now: Instant })[]>`
    with recent as materialized (
      select p.partition, slice, e.appended_at, ${sql(by)} as name,
        (extract(epoch from e.appended_at - e.event_time) * 1000)::float8 as ms
      from log.partitions p
      cross join generate_series(0, ${SLICES - 1}::int) slice
      cross join lateral (
        select appended_at, event_time, store, source from log.event_log
        where partition = p.partition and class = 'live'
          and appended_at > now() - (slice + 1) * ${SLICE_MINUTES}::int * interval '1 minute'
          and appended_at <= now() - slice * ${SLICE_MINUTES}::int * interval '1 minute'
        order by appended_at, "offset" limit ${MOST_OF_SLICE}
      ) e
    )
    select name, grouping(name) = 1 as "isAll", count(*) as events,
      array[${bucketCounts(sql)}]::int[] as counts,
      percentile_disc(0.5) within group (order by ms) as "medianMs",
      percentile_disc(0.95) within group (order by ms) as "p95Ms",
      percentile_disc(0.99) within group (order by ms) as "p99Ms",
      max(ms) as "mostMs", min(appended_at) as since, clock_timestamp() as now,
      (select max(count) from (select count(*) from recent group by partition, slice) each) as most
    from recent group by grouping sets ((), (name))
    having count(*) > 0
    order by grouping(name) desc, "p95Ms" desc, name limit ${MOST_ROWS + 1}`
  const all = rows.find(({ isAll }) => isAll)
  return {
    now: all?.now ?? Date.now(),
    bucketsMs: LATENESS_BUCKETS_MS,
    since: all?.since ?? null,
    isSample: (all?.most ?? 0) >= MOST_OF_SLICE,
    mostOfSlice: MOST_OF_SLICE,
    all: all ? { ...toRow(all), name: null } : null,
    rows: rows.filter(({ isAll }) => !isAll).map(toRow),
  }
}

function toRow({ name, events, counts, medianMs, p95Ms, p99Ms, mostMs }: LatenessRow): LatenessRow {
  return { name, events, counts, medianMs, p95Ms, p99Ms, mostMs }
}

function bucketCounts(sql: Serving['sql']) {
  const bounds = [Number.NEGATIVE_INFINITY, ...LATENESS_BUCKETS_MS, Number.POSITIVE_INFINITY]
  const counts = bounds.slice(1).map((upper, index) => {
    const lower = bounds[index] ?? 0
    const conditions = [
      ...(Number.isFinite(lower) ? [`ms > ${lower}`] : []),
      ...(Number.isFinite(upper) ? [`ms <= ${upper}`] : []),
    ]
    return `count(*) filter (where ${conditions.join(' and ')})`
  })
  return sql.unsafe(counts.join(', '))
}
