import type { Sql } from '#db/client.ts'
import type { Position } from '#domain/log-event.ts'
import { type Claim, claimSlots, type Trigger } from '#jobs/ledger/claim-slots.ts'
import { failRuns } from '#jobs/ledger/fail-runs.ts'
import { ClaimLostError, type SettledRun } from '#jobs/ledger/settle-runs.ts'
import type { Slot } from '#jobs/planner/facts.ts'
import type { Report } from '#jobs/reports/report.ts'
import { announceRuns } from './announce-runs.ts'
import { materialize } from './materialize.ts'
import { withRetry } from './retry.ts'

export interface SetOutcome {
  report: Report
  succeeded: (SettledRun & { slot: Slot })[]
  failed: { slot: Slot; error: string }[]
  /** Slots that somebody else runs, or has just run. */
  taken: Slot[]
}

export interface SetRequest {
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
