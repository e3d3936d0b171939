import type { Reading } from '#db/transaction.ts'
import { type BusinessDay, type Grain, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { DayRange } from './periods.ts'

/** The current run of one period of a report, by the report's own period, and the partition it read. */
export interface RunOfPeriod {
  period: BusinessDay
  store: string
  partition: number
  runId: number
  computedAt: Instant
  through: number
  /** The business days a run of a week or month took in; null for runs of days. */
  days: BusinessDay[] | null
}

/** The runs that a figure stands on. */
export interface ReportBasis {
  job: string
  runs: number
  oldestRunId: number | null
  newestRunId: number | null
  oldestComputedAt: Instant | null
  newestComputedAt: Instant | null
  /** Offset read per partition: the lowest of the runs, so each read at least this. */
  through: Record<string, number>
}

/** The runs whose rows stand in a report's table. */
export async function readRuns(
  reading: Reading,
  { job, range, stores }: { job: string; range: DayRange; stores: readonly string[] },
): Promise<RunOfPeriod[]> {
  return reading<RunOfPeriod[]>`
    select period, store, partition, run_id as "runId", computed_at as "computedAt", through_offset as through,
      case when job !~ '^daily_' then array(
        select distinct day from jsonb_each(inputs) input, jsonb_object_keys(input.value) day
        where input.key ~ '^daily_') end as days
    from batch.current_runs
    where job = ${job} and store = any(${[...stores]}) and period between ${range.from} and ${range.to}`
}

/** What figures of several runs stand on. */
export function basisOf(job: string, runs: readonly RunOfPeriod[]): ReportBasis {
  const through: Record<string, number> = {}
  let [oldestRunId, newestRunId]: [number | null, number | null] = [null, null]
  let [oldestComputedAt, newestComputedAt]: [Instant | null, Instant | null] = [null, null]
  for (const run of runs) {
    through[run.partition] = Math.min(through[run.partition] ?? run.through, run.through)
    oldestRunId = Math.min(oldestRunId ?? run.runId, run.runId)
    newestRunId = Math.max(newestRunId ?? run.runId, run.runId)
    oldestComputedAt = Math.min(oldestComputedAt ?? run.computedAt, run.computedAt)
    newestComputedAt = Math.max(newestComputedAt ?? run.computedAt, run.computedAt)
  }
  return { job, runs: runs.length, oldestRunId, newestRunId, oldestComputedAt, newestComputedAt, through }
}

/** The runs of each period of a grain; a report kept by day may be told by week. */
export function runsByPeriod(
  runs: readonly RunOfPeriod[],
  grain: Grain,
): ReadonlyMap<BusinessDay, RunOfPeriod[]> {
  return Map.groupBy(runs, ({ period }) => periodOf(grain, period))
}
