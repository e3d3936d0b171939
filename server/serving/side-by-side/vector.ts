import type { Reading } from '#db/transaction.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import {
  readStreamStand,
  type StreamBasis,
  type StreamPosition,
} from '#server/serving/freshness/positions.ts'
import type { SideBySideScope } from '#server/serving/scope.ts'
import { inStores } from '#server/serving/scope.ts'

/** What a batch figure stands on. Null run: no run has covered it yet. */
export interface BatchBasis {
  /** The newest contributing run. */
  runId: number | null
  /** When that run committed. */
  computedAt: Instant | null
  /** Offset read per partition, `{ "0": 1234 }`: the lowest of the contributing runs, so each read at least this. */
  through: Record<string, number>
  rulesVersion: number | null
}

/** What the batch path knows of one store's day: its run of `daily_sales`, and where the day's events lie. */
export interface StoreDayRun {
  store: string
  businessDay: BusinessDay
  partition: number
  runId: number | null
  /** Offset the run has read; 0 without a run. */
  through: number
  throughAppendedAt: Instant
  computedAt: Instant | null
  rulesVersion: number | null
  /** The planner's extent of the day; null where it has met no event of it. */
  headFirstAppendedAt: Instant | null
  headLastOffset: number | null
}

/** The offsets that one answer stands on. */
export interface Vector {
  basis: StreamBasis
  /** Partitions of the stores in scope. */
  stream: StreamPosition[]
  runs: StoreDayRun[]
  /** How far the batch planner has read the log, per partition of `stream`; 0 where it never ran. */
  planner: { partition: number; offset: number; appendedAt: Instant }[]
  /** When the oldest event was appended that one of the paths has set aside; null where none has. */
  setAsideSince: Instant | null
}

type Scope = Pick<SideBySideScope, 'from' | 'to' | 'stores'>

/**
 * Reads the vector of a scope. The transaction's snapshot makes it one moment.
 * @param of the generation that is held against the batch path; null: the active one
 */
export async function readVector(reading: Reading, scope: Scope, of: number | null = null): Promise<Vector> {
  const inScope = (column: string) => inStores(reading, scope, column)
  const [{ basis, positions: stream }, planner, [aside], runs] = await Promise.all([
    readStreamStand(reading, scope, of),
    reading<Vector['planner']>`
      select p.partition, coalesce(c."offset", 0) as "offset",
        coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt"
      from log.partitions p left join batch.planner_checkpoints c on c.partition = p.partition
      where exists (select from ref.stores s where s.partition = p.partition ${inScope('s.store')})
      order by p.partition`,
    reading<{ since: Instant | null }[]>`
      select min(appended_at) as since from (
        select appended_at, store, business_day from batch.set_aside
        union all
        select appended_at, store, business_day from stream.set_aside
        where generation = coalesce(${of}::integer, (select generation from stream.active_generation))
      ) aside
      where business_day between ${scope.from} and ${scope.to} ${inScope('store')}`,
    reading<StoreDayRun[]>`
      with runs as (
        select * from batch.current_runs
        where job = 'daily_sales' and period between ${scope.from} and ${scope.to} ${inScope('store')}
      ),
      heads as (
        select * from batch.day_head
        where business_day between ${scope.from} and ${scope.to} ${inScope('store')}
      )
      select coalesce(r.store, h.store) as store, coalesce(r.period, h.business_day) as "businessDay",
        coalesce(r.partition, h.partition) as partition, r.run_id as "runId",
        coalesce(r.through_offset, 0) as through,
        coalesce(r.through_appended_at, 'epoch'::timestamptz) as "throughAppendedAt",
        r.computed_at as "computedAt", r.rules_version as "rulesVersion",
        h.first_appended_at as "headFirstAppendedAt", h.last_offset as "headLastOffset"
      from runs r full join heads h on h.store = r.store and h.business_day = r.period`,
  ])
  return { basis, stream, runs, planner, setAsideSince: aside?.since ?? null }
}

/**
 * The append time from which the log is to be read for events that one path has read and the other has
 * not. Every event before it is known to be in both. Only a bound: offsets decide.
 *
 * Three facts keep it near the end of the log: events the planner has met lie in its extents of days; a
 * run has read everything up to its own offset; and no event is appended before it happened (two minutes
 * of clock skew aside).
 */
export function scanFrom(
  vector: Pick<Vector, 'stream' | 'runs' | 'planner' | 'setAsideSince'>,
  from: BusinessDay,
): Instant {
  const candidates: Instant[] = []
  const streamAt = new Map(vector.stream.map(position => [position.partition, position]))
  // Past the planner's place anything may have come.
  for (const { appendedAt } of vector.planner) candidates.push(appendedAt)
  if (vector.setAsideSince !== null) candidates.push(vector.setAsideSince)
  for (const run of vector.runs) {
    const position = streamAt.get(run.partition)
    if (run.headLastOffset !== null && run.headLastOffset > run.through) {
      candidates.push(run.through > 0 ? run.throughAppendedAt : (run.headFirstAppendedAt ?? 0))
    }
    if (position && run.through > position.through) candidates.push(position.appendedAt)
  }
  // A business day starts at most a day before its date does in UTC.
  const firstPossible = Date.parse(`${addDays(from, -2)}T00:00:00Z`)
  return Math.max(firstPossible, candidates.length > 0 ? Math.min(...candidates) : 0)
}

/** A run that figures stand on. */
export interface ContributingRun {
  partition: number
  runId: number
  computedAt: Instant
  through: number
  rulesVersion: number
}

/** The basis of figures that several runs contribute to: the newest names it, the lowest offset bounds it. */
export function batchBasis(runs: readonly ContributingRun[]): BatchBasis {
  const basis: BatchBasis = { runId: null, computedAt: null, through: {}, rulesVersion: null }
  for (const run of runs) {
    const known = basis.through[run.partition]
    basis.through[run.partition] = known === undefined ? run.through : Math.min(known, run.through)
    if (basis.runId === null || run.runId > basis.runId) {
      basis.runId = run.runId
      basis.computedAt = run.computedAt
      basis.rulesVersion = run.rulesVersion
    }
  }
  return basis
}

/**
 * FROM and WHERE over the sales events of a scope that one path has read and the other has not, as `e`
 * (log.event_log), with `through.batch` (offset read by the batch run of the event's store-day) and
 * `through.stream` (by the stream in its partition). They fall in two disjoint classes:
 *
 * What a path has set aside it has as good as never read.
 *
 * - after-batch: offset in (batch's, stream's], effects that only the stream has
 * - before-stream: offset in (stream's, batch's], effects that only the batch has
 */
export function unsharedEvents(
  reading: Reading,
  request: { scope: SideBySideScope; vector: Vector; scanFrom: Instant },
) {
  const { scope, vector, scanFrom } = request
  return reading`
    from log.sales e
    left join batch.current_runs r
      on r.job = 'daily_sales' and r.store = e.store and r.period = e.business_day
    left join stream.checkpoints c on c.generation = ${vector.basis.generation} and c.partition = e.partition
    cross join lateral (
      select
        case when exists (
          select from batch.set_aside a where a.partition = e.partition and a."offset" = e."offset"
        ) then 0 else coalesce(r.through_offset, 0) end as batch,
        case when exists (
          select from stream.set_aside a
          where a.generation = ${vector.basis.generation} and a.partition = e.partition and a."offset" = e."offset"
        ) then 0 else coalesce(c."offset", 0) end as stream
    ) through
    where e.partition = any(${vector.stream.map(position => position.partition)})
      and e.appended_at >= ${scanFrom}
      and e.business_day between ${scope.from} and ${scope.to}
      and e.currency = ${scope.currency}
      ${inStores(reading, scope, 'e.store')}
      and e."offset" > least(through.batch, through.stream) and e."offset" <= greatest(through.batch, through.stream)`
}

/**
 * The same between two generations: `through.first` and `through.second` are how far each has read. Below the append time
 * at which the one that is behind stands, nothing can be unshared but what one of them has set aside.
 */
export function unsharedBetween(
  reading: Reading,
  request: { scope: SideBySideScope; first: Vector; second: Vector },
) {
  const { scope, first, second } = request
  const side = (of: Vector, checkpoint: string) => reading`
    case when exists (
      select from stream.set_aside a
      where a.generation = ${of.basis.generation} and a.partition = e.partition and a."offset" = e."offset"
    ) then 0 else coalesce(${reading.unsafe(checkpoint)}."offset", 0) end`
  return reading`
    from log.sales e
    left join stream.checkpoints f on f.generation = ${first.basis.generation} and f.partition = e.partition
    left join stream.checkpoints s on s.generation = ${second.basis.generation} and s.partition = e.partition
    cross join lateral (select ${side(first, 'f')} as first, ${side(second, 's')} as second) through
    where e.partition = any(${first.stream.map(position => position.partition)})
      and e.appended_at >= ${scanBetween(first, second)}
      and e.business_day between ${scope.from} and ${scope.to}
      and e.currency = ${scope.currency}
      ${inStores(reading, scope, 'e.store')}
      and e."offset" > least(through.first, through.second) and e."offset" <= greatest(through.first, through.second)`
}

function scanBetween(first: Vector, second: Vector): Instant {
  const candidates = [first.setAsideSince, second.setAsideSince].filter(since => since !== null)
  const secondAt = new Map(second.stream.map(position => [position.partition, position]))
  for (const position of first.stream) {
    const other = secondAt.get(position.partition)
    if (other && other.through !== position.through)
      candidates.push(Math.min(position.appendedAt, other.appendedAt))
  }
  // Where both have read the same there is nothing to scan: the log's end.
  return candidates.length > 0 ? Math.min(...candidates) : Date.parse('9999-01-01T00:00:00Z')
}

/**
 * Whether an event counts as late, for annotation only: a live event that reached the log 30 s or more
 * after the end of its minute. The stream itself judges by its watermark; this is decided from the event
 * alone, so that it can be said of events that the stream has not met.
 */
export function lateExpression(reading: Reading) {
  return reading`(e.class = 'live'
    and e.appended_at >= date_trunc('minute', e.event_time) + interval '1 minute 30 seconds')`
}
