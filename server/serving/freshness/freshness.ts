import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { PLANNING } from '#domain/reports.ts'
import { STANDSTILL_MS } from '#server/log/fence.ts'
import { type LiveStand, standOf } from '#server/serving/live-board/stand.ts'
import { readArchive } from './archive.ts'
import type { FreshnessFacts, JobFreshness, OtherStand, SetAsideEvent, UnpublishedReport } from './facts.ts'
import { type Judgement, judgeFreshness } from './judge.ts'
import { otherGenerations, type ReadPosition, readLag, readStreamStand, totalLag } from './positions.ts'

/** How far each path has read the log, and whether both get on. */
export interface Freshness extends FreshnessFacts {
  health: Judgement
  /** Up to when the stream's figures are known, as the socket tells it. */
  live: LiveStand
}

interface BatchState {
  now: Instant
  lastRunId: number | null
  computedAt: Instant | null
  heartbeatAt: Instant | null
  nextTickAt: Instant | null
  tickBeganAt: Instant | null
  tickSucceededAt: Instant | null
  tickOverdueAt: Instant | null
  tickError: string | null
  lastRunEndedAt: Instant | null
  dirtyStoreDays: number
}

/** How far each path has read the log, and what it has not read yet. */
export async function readFreshness(sql: Sql): Promise<Freshness> {
  return readSnapshot(sql, async reading => {
    const [
      state,
      unpublished,
      unplanned,
      archive,
      setAside,
      unknownStores,
      owners,
      jobs,
      batchPositions,
      stand,
      others,
    ] = await Promise.all([
      readBatchState(reading),
      readUnpublished(reading),
      readUnplanned(reading),
      readArchive(reading),
      readSetAside(reading),
      readUnknownStores(reading),
      readOwners(reading),
      readJobs(reading),
      readBatchPositions(reading),
      readStreamStand(reading),
      readOthers(reading),
    ])
    const [batchLag, streamLag] = await Promise.all([
      readLag(reading, batchPositions),
      readLag(reading, stand.positions),
    ])
    const { now, tickBeganAt, tickSucceededAt, tickOverdueAt, tickError, ...batch } = state
    const ticks = {
      beganAt: tickBeganAt,
      succeededAt: tickSucceededAt,
      overdueAt: tickOverdueAt,
      error: tickError,
    }
    const facts: FreshnessFacts = {
      now,
      batch: { ...batch, ticks, unpublished, unplanned, jobs, partitions: batchLag, ...totalLag(batchLag) },
      archive,
      setAside,
      unknownStores,
      stream: {
        generation: stand.basis.generation,
        engine: stand.basis.engine,
        watermark: stand.basis.watermark,
        processedAt: stand.basis.processedAt,
        partitions: streamLag.map((lag, index) => ({
          ...lag,
          watermark: stand.positions[index]?.watermark ?? null,
          processedAt: stand.positions[index]?.processedAt ?? null,
          owner: owners[index]?.owner ?? null,
          isWorkedOn: owners[index]?.isWorkedOn ?? false,
        })),
        ...totalLag(streamLag),
      },
      others,
    }
    return { ...facts, health: judgeFreshness(facts), live: standOf(stand, streamLag) }
  })
}

async function readBatchState(reading: Reading): Promise<BatchState> {
  const [state] = await reading<BatchState[]>`
    select clock_timestamp() as now, newest.run_id as "lastRunId", newest.computed_at as "computedAt",
      beat.beat_at as "heartbeatAt", beat.next_tick_at as "nextTickAt", beat.tick_began_at as "tickBeganAt",
      beat.tick_succeeded_at as "tickSucceededAt", beat.tick_overdue_at as "tickOverdueAt",
      beat.tick_error as "tickError", (
        select max(finished_at) from (select finished_at from batch.runs order by started_at desc limit 100) newest_runs
      ) as "lastRunEndedAt", dirty.count as "dirtyStoreDays"
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
    -- planning has runs only where it failed: what became of it the ticks say
    where jobs.job is not null and jobs.job <> ${PLANNING.name}
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

/** Who has each partition of the active generation, and whether he works. */
async function readOwners(reading: Reading): Promise<{ owner: string | null; isWorkedOn: boolean }[]> {
  return reading<{ owner: string | null; isWorkedOn: boolean }[]>`
    select case when a.pid is not null then o.owner end as owner,
      coalesce(log.is_at_work(o.backend_pid, o.backend_start, ${STANDSTILL_MS}::integer * interval '1 millisecond'),
        false) as "isWorkedOn"
    from log.partitions p
    left join log.owners o on o.partition = p.partition
      and o.consumer = 'stream/' || (select generation from stream.active_generation)
    left join pg_stat_get_activity(o.backend_pid) a on a.pid = o.backend_pid and a.backend_start = o.backend_start
    order by p.partition`
}

/** How far the generations are that give an answer beside the active one. */
async function readOthers(reading: Reading): Promise<OtherStand[]> {
  const others = await otherGenerations(reading)
  return Promise.all(
    others.map(async ({ generation, engine }) => {
      const [{ basis, positions }, [owner]] = await Promise.all([
        readStreamStand(reading, null, generation),
        reading<{ isWorkedOn: boolean }[]>`
          select exists (
            select from log.owners o
            join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
            where o.consumer = ${`stream/${generation}`}) as "isWorkedOn"`,
      ])
      const partitions = await readLag(reading, positions)
      return {
        generation,
        engine,
        watermark: basis.watermark,
        processedAt: basis.processedAt,
        isWorkedOn: owner?.isWorkedOn ?? false,
        partitions,
        ...totalLag(partitions),
      }
    }),
  )
}

/**
 * Reports whose last attempt failed, and those that were due before the last tick that succeeded began and still are.
 * What the planner has just found to be due, this tick will bring.
 */
async function readUnpublished(reading: Reading): Promise<Freshness['batch']['unpublished']> {
  const rows = await reading<(UnpublishedReport & { count: number })[]>`
    select o.job, o.store, o.period::text as period, last.error, count(*) over () as count
    from batch.open_slots o
    left join batch.heartbeat beat on true
    left join lateral (
      select r.state, r.error from batch.runs r
      where r.job = o.job and r.store = o.store and r.period = o.period and r.run_id > coalesce(o.run_id, 0)
      order by r.run_id desc limit 1
    ) last on true
    where o.state = 'due'
      and (last.state in ('failed', 'abandoned')
        or last.state is null and o.judged_at < beat.tick_succeeded_at - (beat.tick_overdue_at - beat.tick_succeeded_at))
      and not exists (
        select from batch.current_runs c
        where c.job = o.job and c.store = o.store and c.period = o.period and c.run_id is distinct from o.run_id)
    order by last.error is null, o.period, o.store, o.job
    limit 1`
  const [row] = rows
  if (!row) return { count: 0, first: null }
  const { count, ...first } = row
  return { count, first }
}

/** The newest row of each store's planning that is no older than the newest tick. */
async function readUnplanned(reading: Reading): Promise<{ store: string; error: string }[]> {
  return reading<{ store: string; error: string }[]>`
    select r.store, r.error from batch.runs r
    join batch.heartbeat beat on r.finished_at >= beat.tick_began_at
    where r.job = ${PLANNING.name} and r.state = 'failed' and r.store <> 'all'
    order by r.store`
}

async function readSetAside(reading: Reading): Promise<Freshness['setAside']> {
  const [row] = await reading<(SetAsideEvent & { count: number })[]>`
    select path, store, partition, "offset", reason, count(*) over () as count from recon.set_aside
    where accepted_because is null
    order by set_aside_at desc limit 1`
  if (!row) return { count: 0, first: null }
  const { path, store, partition, offset, reason } = row
  return { count: row.count, first: { path, store, partition, offset, reason } }
}

async function readUnknownStores(reading: Reading): Promise<string[]> {
  const rows = await reading<{ store: string }[]>`
    select distinct h.store from batch.day_head h
    where not exists (select from ref.stores s where s.store = h.store) order by 1 limit 20`
  return rows.map(({ store }) => store)
}
