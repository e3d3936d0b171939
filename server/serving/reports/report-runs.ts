import type { Reading } from '#db/transaction.ts'
import type { BusinessDay, Grain } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { type DayRange, periodOf, type DayRange as Range } from '#server/serving/reports/periods.ts'
import type { ReportBasis } from '#server/serving/reports/report-shapes.ts'

/** The current runs of one report, by its own period and the partition they read. */
export interface RunsOfPeriod {
  period: BusinessDay
  store: string
  partition: number
  runId: number
  computedAt: Instant
  through: number
}

/** The runs whose rows stand in a report's table. */
export async function readRuns(
  reading: Reading,
  { job, range, stores }: { job: string; range: DayRange; stores: readonly string[] },
): Promise<RunsOfPeriod[]> {
  return reading<RunsOfPeriod[]>`
    select period, store, partition, run_id as "runId", computed_at as "computedAt", through_offset as through
    from batch.current_runs
    where job = ${job} and store = any(${[...stores]}) and period between ${range.from} and ${range.to}`
}

/** What figures of several runs stand on. */
export function basisOf(job: string, runs: readonly RunsOfPeriod[]): ReportBasis {
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
  runs: readonly RunsOfPeriod[],
  grain: Grain,
): ReadonlyMap<BusinessDay, RunsOfPeriod[]> {
  return Map.groupBy(runs, ({ period }) => periodOf(period, grain))
}

/** First and last period that each store has figures of: its stock opened with the one and closed with the other. */
export function storeBounds(runs: readonly RunsOfPeriod[]): { store: string; range: Range }[] {
  const bounds = new Map<string, Range>()
  for (const { store, period } of runs) {
    const known = bounds.get(store) ?? { from: period, to: period }
    if (period < known.from) known.from = period
    if (period > known.to) known.to = period
    bounds.set(store, known)
  }
  return [...bounds].map(([store, range]) => ({ store, range }))
}
