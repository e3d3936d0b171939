import { and, desc, drizzle, eq, getTableColumns, lt } from '#db/drizzle.ts'
import { runs } from '#db/schema.ts'
import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Serving } from '#server/serving/serving.ts'

// Whose claim it was is nobody's business on a page.
const { backendPid: _pid, backendStart: _start, ...SHOWN } = getTableColumns(runs)

/** An attempt, as the ledger has it. `throughOffset` is null for jobs that read no partition. */
export type LedgerRun = Omit<typeof runs.$inferSelect, 'backendPid' | 'backendStart'>

interface LedgerFilter {
  job?: string | undefined
  state?: LedgerRun['state'] | undefined
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
  const rows = await drizzle(sql)
    .select(SHOWN)
    .from(runs)
    .where(
      and(
        job === undefined ? undefined : eq(runs.job, job),
        state === undefined ? undefined : eq(runs.state, state),
        store === undefined ? undefined : eq(runs.store, store),
        cursor ? lt(runs.runId, cursor) : undefined,
      ),
    )
    .orderBy(desc(runs.runId))
    .limit(limit + 1)
  const shown = rows.slice(0, limit)
  return { runs: shown, nextCursor: rows.length > limit ? (shown.at(-1)?.runId ?? null) : null }
}

/** The attempts at one period of a report, newest first. */
export async function readAttempts(
  reading: Reading,
  { job, period, limit }: { job: string; period: BusinessDay; limit: number },
): Promise<LedgerRun[]> {
  return drizzle(reading)
    .select(SHOWN)
    .from(runs)
    .where(and(eq(runs.job, job), eq(runs.period, period)))
    .orderBy(desc(runs.runId))
    .limit(limit)
}
