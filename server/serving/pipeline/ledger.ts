import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { Serving } from '#server/serving/serving.ts'

export type RunState = 'running' | 'succeeded' | 'failed' | 'abandoned'

/** An attempt, as the ledger has it. */
export interface LedgerRun {
  runId: number
  job: string
  store: string
  period: BusinessDay
  state: RunState
  trigger: 'schedule' | 'manual' | 'backfill' | 'request'
  attempt: number
  codeVersion: string
  partition: number
  /** Offset read up to; null for jobs that read no partition. */
  throughOffset: number | null
  rowCount: number | null
  checksum: string | null
  startedAt: Instant
  finishedAt: Instant | null
  reason: string | null
  error: string | null
}

export interface LedgerFilter {
  job?: string | undefined
  state?: RunState | undefined
  store?: string | undefined
  /** Run before which the page begins. */
  cursor?: number | null | undefined
  limit: number
}

/** Attempts, newest first. */
export async function listRuns(
  { sql }: Pick<Serving, 'sql'>,
  { job, state, store, cursor, limit }: LedgerFilter,
): Promise<{ runs: LedgerRun[]; nextCursor: number | null }> {
  const rows = await sql<LedgerRun[]>`
    select ${runColumns(sql)} from batch.runs
    where true
      ${job === undefined ? sql`` : sql`and job = ${job}`}
      ${state === undefined ? sql`` : sql`and state = ${state}`}
      ${store === undefined ? sql`` : sql`and store = ${store}`}
      ${cursor ? sql`and run_id < ${cursor}` : sql``}
    order by run_id desc limit ${limit + 1}`
  const runs = rows.slice(0, limit)
  return { runs, nextCursor: rows.length > limit ? (runs.at(-1)?.runId ?? null) : null }
}

export function runColumns(reading: Reading) {
  return reading`run_id as "runId", job, store, period, state, trigger, attempt, code_version as "codeVersion",
    partition, through_offset as "throughOffset", row_count as "rowCount", checksum, started_at as "startedAt",
    finished_at as "finishedAt", reason, error`
}
