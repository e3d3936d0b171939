import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Position } from '#domain/log-event.ts'
import { type Claim, ClaimLostError, claimSlots, failRuns, type Trigger } from '#jobs/ledger/claims.ts'
import type { SettledRun } from '#jobs/ledger/settle.ts'
import type { Slot } from '#jobs/planner/facts.ts'
import type { Report } from '#jobs/reports/report.ts'
import { messageOf } from '#platform/command.ts'
import { backoffMs, pause } from '#platform/time.ts'
import { isPassing } from '#server/log/log-errors.ts'
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

/** Attempts at one set before its error stands. */
const MAX_ATTEMPTS = 4
const RETRY = { firstMs: 250, longestMs: 2_000 }

/**
 * Runs one report for a set of slots: claims them, computes and replaces them in one transaction, and writes
 * into the ledger how it ended. Transient errors are tried again, each attempt a row of its own; any other
 * error fails the set at once. A slot whose figures do not pass their checks fails alone.
 * @param sql a client of one connection (`connectForRuns`)
 * @throws when the ledger cannot be written either: the runs are then found abandoned by the next planner
 */
export async function runSet(sql: Sql, request: SetRequest): Promise<SetOutcome> {
  const { onRetry, signal } = request
  for (let attempt = 1; ; attempt += 1) {
    const isLast = (error: unknown) => attempt >= MAX_ATTEMPTS || !isPassing(error) || signal?.aborted
    try {
      const { outcome, error } = await attemptSet(sql, { ...request, attempt })
      if (error === null || isLast(error)) return outcome
      onRetry?.(error, attempt)
    } catch (error) {
      if (isLast(error)) throw error
      onRetry?.(error, attempt)
    }
    await pause(backoffMs(attempt, RETRY), signal)
  }
}

/** @returns how the set ended; with an error where all of it failed, which is in the ledger then */
async function attemptSet(
  sql: Sql,
  request: SetRequest & { attempt: number },
): Promise<{ outcome: SetOutcome; error: unknown }> {
  const { report, reports, slots, basis, trigger, attempt, signal } = request
  signal?.throwIfAborted()
  const claims = await claimSlots(sql, { rule: report, slots, basis, trigger, attempt })
  const claimed = new Set(claims.map(claim => claim.slot))
  const taken = slots.filter(slot => !claimed.has(slot))
  const nothing: SetOutcome = { report, succeeded: [], failed: [], taken }
  if (claims.length === 0) return { outcome: nothing, error: null }
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
    return { outcome: { report, succeeded: settled.flatMap(withSlot), failed, taken }, error: null }
  } catch (error) {
    // Somebody else has the slots now: theirs is the run that counts.
    if (error instanceof ClaimLostError) return { outcome: { ...nothing, taken: [...slots] }, error: null }
    const failures = claims.map(({ runId, slot }) => ({ runId, slot, error: messageOf(error) }))
    await failRuns(sql, failures)
    return { outcome: { ...nothing, failed: failures.map(({ slot, error }) => ({ slot, error })) }, error }
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
