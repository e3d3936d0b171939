import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { type PartitionLag, type ReadPosition, readLag, readStreamStand, totalLag } from './positions.ts'

/** The newest run of one batch job. */
export interface JobFreshness {
  job: string
  lastRunId: number | null
  lastState: 'running' | 'succeeded' | 'failed' | 'abandoned' | null
  lastStartedAt: Instant | null
  lastSucceededAt: Instant | null
  lastError: string | null
}

export interface Freshness {
  /** The database's clock, to which ages are relative. */
  now: Instant
  batch: {
    jobs: JobFreshness[]
    lastRunId: number | null
    /** When the newest successful run committed. */
    computedAt: Instant | null
    /** When the schedule looks next for work; null where no schedule runs. */
    nextTickAt: Instant | null
    /** When the schedule last said that it lives; null where none ever ran. */
    heartbeatAt: Instant | null
    /** Store-days with events that their last run has not read. */
    dirtyStoreDays: number
    partitions: PartitionLag[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
  stream: {
    generation: number
    watermark: Instant | null
    processedAt: Instant | null
    partitions: (PartitionLag & { watermark: Instant | null; processedAt: Instant | null })[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
}

interface BatchState {
  now: Instant
  lastRunId: number | null
  computedAt: Instant | null
  heartbeatAt: Instant | null
  nextTickAt: Instant | null
  dirtyStoreDays: number
}

/** How far each path has read the log, and what it has not read yet. */
export async function readFreshness(sql: Sql): Promise<Freshness> {
  return readSnapshot(sql, async reading => {
    const [state, jobs, batchPositions, stand] = await Promise.all([
      readBatchState(reading),
      readJobs(reading),
      readBatchPositions(reading),
      readStreamStand(reading),
    ])
    const [batchLag, streamLag] = await Promise.all([
      readLag(reading, batchPositions),
      readLag(reading, stand.positions),
    ])
    const { now, ...batch } = state
    return {
      now,
      batch: { ...batch, jobs, partitions: batchLag, ...totalLag(batchLag) },
      stream: {
        generation: stand.basis.generation,
        watermark: stand.basis.watermark,
        processedAt: stand.basis.processedAt,
        partitions: streamLag.map((lag, index) => ({
          ...lag,
          watermark: stand.positions[index]?.watermark ?? null,
          processedAt: stand.positions[index]?.processedAt ?? null,
        })),
        ...totalLag(streamLag),
      },
    }
  })
}

async function readBatchState(reading: Reading): Promise<BatchState> {
  const [state] = await reading<BatchState[]>`
    select clock_timestamp() as now, newest.run_id as "lastRunId", newest.computed_at as "computedAt",
      beat.beat_at as "heartbeatAt", beat.next_tick_at as "nextTickAt", dirty.count as "dirtyStoreDays"
    from (values (1)) as one
    left join lateral (
      select run_id, computed_at from batch.current_runs order by run_id desc limit 1
    ) newest on true
    left join batch.heartbeat beat on true
    cross join lateral (
      select count(*) as count
      from batch.day_head h
      left join batch.current_runs r
        on r.job = 'daily_sales' and r.store = h.store and r.period = h.business_day
      where h.last_offset > coalesce(r.through_offset, 0)
    ) dirty`
  if (!state) throw new Error('the state of the batch path came back empty')
  return state
}

/** The newest run of every job that ever ran. */
async function readJobs(reading: Reading): Promise<JobFreshness[]> {
  return reading<JobFreshness[]>`
    with recursive jobs as (
      -- Steps through the index from job to job: the ledger holds thousands of rows of each.
      (select job from batch.runs order by job limit 1)
      union all
      select (select r.job from batch.runs r where r.job > jobs.job order by r.job limit 1)
      from jobs where jobs.job is not null
    )
    select jobs.job, last.run_id as "lastRunId", last.state as "lastState", last.started_at as "lastStartedAt",
      succeeded.at as "lastSucceededAt", last.error as "lastError"
    from jobs
    cross join lateral (
      select run_id, state, started_at, error from batch.runs r
      where r.job = jobs.job order by r.run_id desc limit 1
    ) last
    cross join lateral (
      select max(computed_at) as at from batch.current_runs r where r.job = jobs.job
    ) succeeded
    where jobs.job is not null
    order by jobs.job`
}

/** Per partition, the furthest that any run has read: what lies past it no batch figure can know. */
async function readBatchPositions(reading: Reading): Promise<ReadPosition[]> {
  return reading<ReadPosition[]>`
    select p.partition, coalesce(max(r.through_offset), 0) as through,
      coalesce(max(r.through_appended_at), 'epoch'::timestamptz) as "appendedAt"
    from log.partitions p left join batch.current_runs r on r.partition = p.partition
    group by p.partition order by p.partition`
}
