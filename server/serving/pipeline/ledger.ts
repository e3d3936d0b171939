import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import { REPORTS } from '#domain/reports.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { judgeSlot, type SlotState } from '#server/serving/pipeline/judge-slot.ts'
import { readSlots } from '#server/serving/pipeline/read-slots.ts'
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

/** One cell of the grid: each store's state, and the attempts behind it. */
export interface CellDetail {
  stores: { store: string; state: SlotState; neededOffset: number; throughOffset: number | null }[]
  /** Newest first, at most `MAX_CELL_RUNS`. */
  runs: LedgerRun[]
}

const MAX_CELL_RUNS = 200

/** @throws RefusedError for a job that fills no report */
export async function readCell(
  { sql }: Pick<Serving, 'sql'>,
  { job, period }: { job: string; period: BusinessDay },
): Promise<CellDetail> {
  const report = REPORTS.find(({ name }) => name === job)
  if (!report) throw new RefusedError(`${JSON.stringify(job)} is no report: choose one of the grid.`)
  return readSnapshot(sql, async reading => {
    const [slots, runs] = await Promise.all([
      readSlots(reading, { reports: [report], fromDay: period, fromPeriod: period, only: period }),
      reading<LedgerRun[]>`
        select ${runColumns(reading)} from batch.runs
        where job = ${job} and period = ${period} order by run_id desc limit ${MAX_CELL_RUNS}`,
    ])
    return {
      stores: slots.map(slot => ({
        store: slot.store,
        state: judgeSlot(slot),
        neededOffset: slot.neededOffset,
        throughOffset: slot.throughOffset,
      })),
      runs: [...runs],
    }
  })
}

function runColumns(reading: Reading) {
  return reading`run_id as "runId", job, store, period, state, trigger, attempt, code_version as "codeVersion",
    partition, through_offset as "throughOffset", row_count as "rowCount", checksum, started_at as "startedAt",
    finished_at as "finishedAt", reason, error`
}
