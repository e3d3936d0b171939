import type { Sql } from '#db/client.ts'
import { desc, drizzle, eq } from '#db/drizzle.ts'
import { runs } from '#db/schema.ts'

/** An attempt as the ledger has it. */
export type HistoryEntry = Awaited<ReturnType<typeof readHistory>>[number]

/** The newest attempts, newest first. @param filter of one job, or of all */
export async function readHistory(sql: Sql, filter: { job: string | undefined; limit: number }) {
  const { runId, job, store, period, state, trigger, attempt, reason, rowCount, checksum } = runs
  const { startedAt, finishedAt, error } = runs
  return drizzle(sql)
    .select({
      runId,
      job,
      store,
      period,
      state,
      trigger,
      attempt,
      reason,
      rowCount,
      checksum,
      startedAt,
      finishedAt,
      error,
    })
    .from(runs)
    .where(filter.job === undefined ? undefined : eq(job, filter.job))
    .orderBy(desc(runId))
    .limit(filter.limit)
}
