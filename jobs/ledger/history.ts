import type { Sql } from '#db/client.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'

/** An attempt as the ledger has it. */
export interface HistoryEntry {
  runId: number
  job: string
  store: string
  period: BusinessDay
  state: 'running' | 'succeeded' | 'failed' | 'abandoned'
  trigger: string
  attempt: number
  reason: string | null
  rowCount: number | null
  checksum: string | null
  startedAt: Instant
  finishedAt: Instant | null
  error: string | null
}

/** The newest attempts, newest first. */
export async function readHistory(
  sql: Sql,
  { job, limit }: { job: string | undefined; limit: number },
): Promise<HistoryEntry[]> {
  const rows = await sql<HistoryEntry[]>`
    select run_id as "runId", job, store, period, state, trigger, attempt, reason, row_count as "rowCount", checksum,
      started_at as "startedAt", finished_at as "finishedAt", error
    from batch.runs
    ${job === undefined ? sql`` : sql`where job = ${job}`}
    order by run_id desc limit ${limit}`
  return [...rows]
}
