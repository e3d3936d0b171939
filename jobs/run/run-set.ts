import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Position } from '#domain/log-event.ts'
import { type Claim, claimSlots, failRuns, type Trigger } from '#jobs/ledger/claims.ts'
import { ClaimLostError, type SettledRun } from '#jobs/ledger/settle.ts'
import type { Slot } from '#jobs/planner/facts.ts'
import type { Report } from '#jobs/reports/report.ts'
import { classifyLogError } from '#server/log/log-errors.ts'
import { materialize } from './materialize.ts'

export interface SetOutcome {
  report: Report
  succeeded: (SettledRun & { slot: Slot })[]
  failed: { slot: Slot; error: string }[]
  /** Slots that somebody else runs, or has just run. */
  taken: Slot[]
}

interface SetRequest {
  report: Report
  /** All reports by name. */
  reports: ReadonlyMap<string, Report>
  slots: readonly Slot[]
  basis: readonly Position[]
  trigger: Trigger
  onRetry?: ((error: unknown, attempt: number) => void) | undefined
  signal?: AbortSignal | undefined
}

/**
 * Runs one report for a set of slots: claims them, computes and replaces them in one transaction, and writes
 * into the ledger how it ended. Transient errors are tried again, each attempt a row of its own; any other
 * error fails the set at once. A slot whose figures do not pass their checks fails alone.
 * @param sql a client of one connection (`connectForRuns`)
 * @throws when the ledger cannot be written either: the runs are then found abandoned by the next planner
 */
export async function runSet(sql: Sql, request: SetRequest): Promise<SetOutcome> {
  const { onRetry, signal } = request
  try {
    return await withRetry(attempt => attemptSet(sql, { ...request, attempt }), {
      ...(onRetry && { onRetry }),
      signal,
    })
  } catch (error) {
    if (!(error instanceof SetFailedError)) throw error
    const failed = error.claims.map(({ slot }) => ({ slot, error: error.message }))
    return { report: request.report, succeeded: [], failed, taken: error.taken }
  }
}

/** A set whose runs have failed, with the reason in the ledger. */
class SetFailedError extends Error {
  override readonly name = 'SetFailedError'
  readonly claims: readonly Claim[]
  readonly taken: Slot[]
  /** Of the error behind it: `withRetry` judges by it. */
  readonly code: unknown

  constructor(cause: unknown, claims: readonly Claim[], taken: Slot[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.claims = claims
    this.taken = taken
    this.code = (cause as { code?: unknown } | null)?.code
  }
}

async function attemptSet(sql: Sql, request: SetRequest & { attempt: number }): Promise<SetOutcome> {
  const { report, reports, slots, basis, trigger, attempt, signal } = request
  signal?.throwIfAborted()
  const claims = await claimSlots(sql, { rule: report, slots, basis, trigger, attempt })
  const claimed = new Set(claims.map(claim => claim.slot))
  const taken = slots.filter(slot => !claimed.has(slot))
  if (claims.length === 0) return { report, succeeded: [], failed: [], taken }
  try {
    const { settled, faults } = await sql.begin(async transaction => {
      const result = await materialize(transaction, { report, reports, claims, basis })
      await announceRuns(transaction, { job: report.name, claims, settled: result.settled })
      return result
    })
    // A hint, after the commit: what nobody hears is found by polling.
    if (settled.length > 0) await sql`select pg_notify('ops_changed', '')`.catch(() => {})
    const slotOf = new Map(claims.map(claim => [claim.runId, claim.slot]))
    const withSlot = <Run extends { runId: number }>(run: Run) => {
      const slot = slotOf.get(run.runId)
      return slot ? [{ ...run, slot }] : []
    }
    const failed = faults.flatMap(withSlot).map(({ slot, problem }) => ({ slot, error: problem }))
    return { report, succeeded: settled.flatMap(withSlot), failed, taken }
  } catch (error) {
    // Somebody else has the slots now: theirs is the run that counts.
    if (error instanceof ClaimLostError) return { report, succeeded: [], failed: [], taken: [...slots] }
    const message = error instanceof Error ? error.message : String(error)
    await failRuns(
      sql,
      claims.map(({ runId }) => ({ runId, error: message })),
    )
    throw new SetFailedError(error, claims, taken)
  }
}

/**
 * Tells whoever watches which figures have changed: one entry a set in the lane of what people and jobs do.
 * The lane is locked until the commit, so this is the last statement of its transaction.
 */
async function announceRuns(
  transaction: Transaction,
  { job, claims, settled }: { job: string; claims: readonly Claim[]; settled: readonly SettledRun[] },
): Promise<void> {
  if (settled.length === 0) return
  const runIds = settled.map(run => run.runId)
  const done = new Set(runIds)
  const slots = claims.filter(claim => done.has(claim.runId)).map(claim => claim.slot)
  const days = slots.flatMap(slot => slot.days.map(day => day.businessDay)).sort()
  const payload = {
    jobs: [job],
    stores: new Set(slots.map(slot => slot.store)).size,
    from: days[0],
    to: days.at(-1),
    firstRunId: Math.min(...runIds),
    lastRunId: Math.max(...runIds),
    computedAt: Date.now(),
  }
  await transaction`select live.append_ops('batch_run', ${transaction.json(payload as never)})`
}

/** Attempts at one set before its error stands. */
export const MAX_ATTEMPTS = 4

const FIRST_WAIT_MS = 250

/**
 * How long to wait before the next attempt: doubling, and drawn from the upper half of that, so that two
 * schedulers that met once do not meet again.
 * @param random from [0, 1)
 */
export function retryDelayMs(attempt: number, random: number): number {
  const longest = FIRST_WAIT_MS * 2 ** (attempt - 1)
  return Math.round(longest / 2 + (longest / 2) * random)
}

/** Whether doing the same again may succeed: serialization, deadlock, connection, resources. */
export function isTransient(error: unknown): boolean {
  return classifyLogError(error).kind === 'transient' || classifyLogError(error).kind === 'unavailable'
}

/**
 * Tries again what failed for a transient reason; everything else fails at once.
 * @param work gets the number of the attempt, from 1
 */
async function withRetry<Result>(
  work: (attempt: number) => Promise<Result>,
  options: { onRetry?: (error: unknown, attempt: number) => void; signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isTransient(error) || options.signal?.aborted) throw error
      options.onRetry?.(error, attempt)
      await sleep(retryDelayMs(attempt, Math.random()), undefined, { signal: options.signal })
    }
  }
}
