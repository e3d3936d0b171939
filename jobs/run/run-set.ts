import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Position } from '#domain/log-event.ts'
import {
  type Claim,
  ClaimLostError,
  claimSlots,
  failRuns,
  giveBack,
  type Trigger,
} from '#jobs/ledger/claims.ts'
import type { SettledRun } from '#jobs/ledger/settle.ts'
import type { Slot } from '#jobs/planner/facts.ts'
import type { Report } from '#jobs/reports/report.ts'
import { messageOf } from '#platform/command.ts'
import { backoffMs, pause } from '#platform/time.ts'
import { isOfData, isPassing } from '#server/log/log-errors.ts'
import { bringBackDays, holdDays } from './bring-back.ts'
import { type Poison, setAsidePoison } from './find-poison.ts'
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
  /** Told of every event that was set aside; without it none is looked for, and the slot fails. */
  onSetAside?: ((poison: Poison) => void) | undefined
  signal?: AbortSignal | undefined
}

/** Attempts at one set before its error stands. */
const MAX_ATTEMPTS = 4
const RETRY = { firstMs: 250, longestMs: 2_000 }

/**
 * Runs one report for a set of slots: claims them, computes and replaces them in one transaction, and writes
 * into the ledger how it ended. Transient errors are tried again, each attempt a row of its own. A slot whose figures do
 * not pass their checks fails alone. Where the data of a slot fail the statement, the set is halved until that slot
 * stands alone: the others run. Of that one the event to blame is looked for and set aside, and the slot is left to the
 * caller's next turn, with all that has read the event; where none is, the slot fails with its error. Any other error
 * fails the set at once.
 * @param sql a client of one connection (`connectForRuns`)
 * @throws when the ledger cannot be written either: the runs are then found abandoned by the next planner
 */
export async function runSet(sql: Sql, request: SetRequest): Promise<SetOutcome> {
  return runPart(sql, request, new Set())
}

/** @param broken stores whose chain of days broke in an earlier part: their later days have nothing to open from */
async function runPart(sql: Sql, request: SetRequest, broken: Set<string>): Promise<SetOutcome> {
  const { report } = request
  const slots = report.isChained ? request.slots.filter(slot => !broken.has(slot.store)) : request.slots
  const { outcome, isDivisible } = await runWhole(sql, { ...request, slots })
  if (isDivisible) {
    const middle = Math.ceil(slots.length / 2)
    const first = await runPart(sql, { ...request, slots: slots.slice(0, middle) }, broken)
    return joined(first, await runPart(sql, { ...request, slots: slots.slice(middle) }, broken))
  }
  const ran = new Set(outcome.succeeded.map(({ slot }) => slot))
  for (const slot of slots) if (!ran.has(slot)) broken.add(slot.store)
  return outcome
}

function joined(one: SetOutcome, other: SetOutcome): SetOutcome {
  return {
    report: one.report,
    succeeded: [...one.succeeded, ...other.succeeded],
    failed: [...one.failed, ...other.failed],
    taken: [...one.taken, ...other.taken],
  }
}

/** @returns how all of it ended, or that it is to be divided: then nothing of it has happened */
async function runWhole(
  sql: Sql,
  request: SetRequest,
): Promise<{ outcome: SetOutcome; isDivisible: boolean }> {
  const { onRetry, signal } = request
  for (let attempt = 1; ; attempt += 1) {
    const isLast = (error: unknown) => attempt >= MAX_ATTEMPTS || !isPassing(error) || signal?.aborted
    try {
      const { outcome, error, isDivisible } = await attemptSet(sql, { ...request, attempt })
      if (error === null || isLast(error)) return { outcome, isDivisible }
      onRetry?.(error, attempt)
    } catch (error) {
      if (isLast(error)) throw error
      onRetry?.(error, attempt)
    }
    await pause(backoffMs(attempt, RETRY), signal)
  }
}

interface Attempt {
  outcome: SetOutcome
  /** Null unless all of it failed. */
  error: unknown
  /** The set's data failed it, and it has more than one slot: it has left no trace in the ledger. */
  isDivisible: boolean
}

async function attemptSet(sql: Sql, request: SetRequest & { attempt: number }): Promise<Attempt> {
  const { report, reports, slots, basis, trigger, attempt, signal } = request
  signal?.throwIfAborted()
  const claims = await claimSlots(sql, { rule: report, slots, basis, trigger, attempt })
  const claimed = new Set(claims.map(claim => claim.slot))
  const taken = slots.filter(slot => !claimed.has(slot))
  const nothing: SetOutcome = { report, succeeded: [], failed: [], taken }
  if (claims.length === 0) return { outcome: nothing, error: null, isDivisible: false }
  const appendDays = [...new Set(claims.flatMap(({ slot }) => slot.appendDays))]
  try {
    await bringBackDays(sql, appendDays)
    const { settled, faults } = await sql.begin(async transaction => {
      await holdDays(transaction, appendDays)
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
    const outcome = { report, succeeded: settled.flatMap(withSlot), failed, taken }
    return { outcome, error: null, isDivisible: false }
  } catch (error) {
    // Somebody else has the slots now: theirs is the run that counts.
    if (error instanceof ClaimLostError)
      return { outcome: { ...nothing, taken: [...slots] }, error: null, isDivisible: false }
    if (isOfData(error) && (await isForgiven(sql, { ...request, claims })))
      return { outcome: nothing, error, isDivisible: slots.length > 1 }
    const failures = claims.map(({ runId, slot }) => ({ runId, slot, error: messageOf(error) }))
    await failRuns(sql, failures)
    const failed = failures.map(({ slot, error }) => ({ slot, error }))
    return { outcome: { ...nothing, failed }, error, isDivisible: false }
  }
}

/**
 * Whether the claims of a set that its data failed are given back: it can be divided, or the event to blame has been
 * found and is set aside now.
 */
async function isForgiven(
  sql: Sql,
  { report, slots, basis, claims, onSetAside }: SetRequest & { claims: readonly Claim[] },
): Promise<boolean> {
  const [slot] = slots
  if (slots.length === 1 && slot) {
    const poison = onSetAside ? await setAsidePoison(sql, { report, slot, basis }) : null
    if (!poison) return false
    onSetAside?.(poison)
  }
  await giveBack(
    sql,
    claims.map(({ runId }) => runId),
  )
  return true
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
