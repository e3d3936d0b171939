import type { CostMeter, Measured } from '#platform/cost-meter.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { StageReading } from '#platform/stage-gauge.ts'
import { type Periodic, startPeriodic } from '#platform/time.ts'
import type { Sql } from './client.ts'

/** Part of the system that a process belongs to. */
export type MeteredPath = 'intake' | 'stream' | 'batch' | 'serving'

export interface MeterOptions {
  sql: Sql
  path: MeteredPath
  /** As in log.owners. */
  process: string
  /** What waits, each time it is written down. */
  stages?: () => readonly StageReading[]
  onFailure: (error: unknown) => void
}

const WRITE_EVERY_MS = 10_000
export const METER_KEPT_DAYS = 7

/** Writes down what a process measures of itself, every ten seconds, and when it ends. */
export function keepMeter(meter: CostMeter, options: MeterOptions): Periodic {
  const write = () => writeMeter(meter, options)
  const periodic = startPeriodic(write, { everyMs: WRITE_EVERY_MS, onFailure: options.onFailure })
  return {
    async stop() {
      await periodic.stop()
      await write().catch(options.onFailure)
    },
  }
}

/**
 * Adds what was measured to the rows of this process and these five minutes, by the database's clock, and deletes what is
 * past being kept. What could not be written stays in the meter.
 */
export async function writeMeter(
  meter: CostMeter,
  { sql, path, process, stages = () => [] }: Omit<MeterOptions, 'onFailure'>,
): Promise<void> {
  const measured = meter.take()
  try {
    await write(sql, { path, process, measured, stages: stages() })
  } catch (error) {
    meter.giveBack(measured)
    throw error
  }
}

async function write(
  sql: Sql,
  {
    path,
    process,
    measured,
    stages,
  }: { path: MeteredPath; process: string; measured: Measured; stages: readonly StageReading[] },
): Promise<void> {
  const costs = [...measured.costs]
  const latencies = [...measured.latencies]
  await sql.unsafe(
    `with this as materialized (
       select date_bin('5 minutes', clock_timestamp(), 'epoch'::timestamptz) as start
     ), costs as (
       insert into meter.costs as kept (interval_start, path, operator, process, orders, row_count, cpu_micros, database_micros)
       select this.start, $1, operator, $2, orders, row_count, cpu_micros, database_micros
       from this, unnest($3::text::text[], $4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::bigint[])
         as given(operator, orders, row_count, cpu_micros, database_micros)
       on conflict (interval_start, path, operator, process) do update set
         orders = kept.orders + excluded.orders,
         row_count = kept.row_count + excluded.row_count,
         cpu_micros = kept.cpu_micros + excluded.cpu_micros,
         database_micros = kept.database_micros + excluded.database_micros
     ), latencies as (
       insert into meter.latencies as kept (interval_start, path, measure, process, counts)
       select this.start, $1, measure, $2, string_to_array(counts, ' ')::bigint[]
       from this, unnest($8::text::text[], $9::text::text[]) as given(measure, counts)
       on conflict (interval_start, path, measure, process) do update set
         counts = array(
           select coalesce(one, 0) + coalesce(other, 0)
           from unnest(kept.counts, excluded.counts) with ordinality as both_of(one, other, place) order by place)
     ), stages as (
       insert into meter.stages (stage, process, waiting, bound, peak, waiting_since, met)
       select stage, $2, waiting, bound, peak, clock_timestamp() - waited_ms * interval '1 millisecond', met
       from unnest($10::text::text[], $11::text::bigint[], $12::text::bigint[], $13::text::bigint[], $14::text::bigint[],
         $15::text::bigint[]) as given(stage, waiting, bound, peak, waited_ms, met)
       on conflict (stage, process) do update set
         waiting = excluded.waiting, bound = excluded.bound, peak = excluded.peak,
         waiting_since = excluded.waiting_since, met = excluded.met, told_at = excluded.told_at
     ), old_stages as (
       delete from meter.stages where told_at < clock_timestamp() - interval '1 hour'
     ), old_latencies as (
       delete from meter.latencies where interval_start < clock_timestamp() - make_interval(days => $16::integer)
     )
     delete from meter.costs where interval_start < clock_timestamp() - make_interval(days => $16::integer)`,
    [
      path,
      process,
      textArray(costs, ([operator]) => operator),
      plainArray(costs, ([, { orders }]) => orders),
      plainArray(costs, ([, { rows }]) => rows),
      plainArray(costs, ([, { cpuMicros }]) => Math.round(cpuMicros)),
      plainArray(costs, ([, { databaseMicros }]) => Math.round(databaseMicros)),
      textArray(latencies, ([measure]) => measure),
      textArray(latencies, ([, counts]) => counts.join(' ')),
      textArray(stages, ({ stage }) => stage),
      plainArray(stages, ({ waiting }) => Math.round(waiting)),
      plainArray(stages, ({ bound }) => bound),
      plainArray(stages, ({ peak }) => Math.round(peak)),
      plainArray(stages, ({ waitingSince }) =>
        waitingSince === null ? null : Math.max(0, Math.round(Date.now() - waitingSince)),
      ),
      plainArray(stages, ({ met }) => met),
      METER_KEPT_DAYS,
    ],
    { prepare: true },
  )
}
