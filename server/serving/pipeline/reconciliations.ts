import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { Serving } from '#server/serving/serving.ts'

export interface ReconciliationRun {
  runId: number
  state: 'running' | 'succeeded' | 'failed' | 'abandoned'
  trigger: 'schedule' | 'manual' | 'backfill' | 'request'
  startedAt: Instant
  finishedAt: Instant | null
  /** Names the range it was about. */
  reason: string | null
  error: string | null
  /** Figures of its range that no later run has compared again; null when none is left. */
  standing: Compared | null
  findings: number
}

/** Figures held against each other: store-days times currencies times metrics. */
export interface Compared {
  from: BusinessDay
  to: BusinessDay
  figures: number
  /** The paths differ. */
  differing: number
  /** They differ, and every bit has its cause. */
  explained: number
  unexplained: number
}

export interface Reconciliations {
  now: Instant
  /** All figures as they were last compared; null before the first run. */
  total: Compared | null
  /** Newest first. */
  runs: ReconciliationRun[]
}

const SHOWN_RUNS = 25

type ComparedRow = Omit<Compared, 'explained'> & { runId: number }

/** The last reconciliations, and what they found. */
export async function readReconciliations({ sql }: Pick<Serving, 'sql'>): Promise<Reconciliations> {
  const [runs, compared, findings, [clock]] = await Promise.all([
    sql<Omit<ReconciliationRun, 'standing' | 'findings'>[]>`
      select run_id as "runId", state, trigger, started_at as "startedAt", finished_at as "finishedAt", reason, error
      from batch.runs where job = 'reconciliation' order by run_id desc limit ${SHOWN_RUNS}`,
    sql<ComparedRow[]>`
      select run_id as "runId", min(business_day) as "from", max(business_day) as "to", count(*) as figures,
        count(*) filter (where stream <> batch) as differing, count(*) filter (where unexplained <> 0) as unexplained
      from recon.reconciliation group by run_id`,
    sql<{ runId: number; findings: number }[]>`
      select run_id as "runId", count(*) as findings from recon.findings group by run_id`,
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  const comparedBy = new Map(compared.map(row => [row.runId, row]))
  const findingsBy = new Map(findings.map(row => [row.runId, row.findings]))
  return {
    now: clock?.now ?? 0,
    total: sumOf(compared),
    runs: runs.map(run => ({
      ...run,
      standing: sumOf([comparedBy.get(run.runId)].flatMap(row => row ?? [])),
      findings: findingsBy.get(run.runId) ?? 0,
    })),
  }
}

function sumOf(rows: readonly ComparedRow[]): Compared | null {
  const [first] = rows
  if (!first) return null
  const total = { from: first.from, to: first.to, figures: 0, differing: 0, explained: 0, unexplained: 0 }
  for (const { from, to, figures, differing, unexplained } of rows) {
    if (from < total.from) total.from = from
    if (to > total.to) total.to = to
    total.figures += figures
    total.differing += differing
    total.unexplained += unexplained
    total.explained += Math.max(0, differing - unexplained)
  }
  return total
}
