import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { sharePartitions } from '#domain/partition.ts'
import type { Trigger } from '#jobs/ledger/claims.ts'
import { failPlanning } from '#jobs/ledger/ticks.ts'
import { judgeSlots, writeVerdicts } from '#jobs/planner/dirty-verdicts.ts'
import type { PlannerFacts, Slot } from '#jobs/planner/facts.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { loadFacts } from '#jobs/planner/load-facts.ts'
import { type Plan, plan, triedKey, type Wanted } from '#jobs/planner/plan.ts'
import { DEFINED_REPORTS } from '#jobs/reports/definitions.ts'
import type { Report } from '#jobs/reports/report.ts'
import { type CostMeter, WHOLE_PROCESS } from '#platform/cost-meter.ts'
import type { Poison } from './find-poison.ts'
import { runSet, type SetOutcome } from './run-set.ts'
import { ensureStatistics, gatherKeyStatistics, MANY_ROWS, refreshRunStatistics } from './statistics.ts'

/** Events set aside in one call for a report that cannot be computed with them; the next one goes on where it ends. */
const MOST_POISONS = 100

/** Runs at once that change the list of standing runs enough to look at it anew. */
const MANY_RUNS = 500

export interface RunRequest {
  wanted: Wanted
  trigger: Trigger
  now: () => Instant
  reports?: readonly Report[]
  /** A second client of one connection: half of the partitions' stores then run on it, beside the others. */
  besides?: Sql
  /** Told after every set. `planned` grows while turns are planned. */
  onSet?: (outcome: SetOutcome, progress: { done: number; planned: number; elapsedMs: number }) => void
  onRetry?: (job: string, error: unknown, attempt: number) => void
  /** Told of every event with which a report could not be computed, and which is set aside now. */
  onSetAside?: (job: string, poison: Poison) => void
  signal?: AbortSignal
  /** Keeps what each job cost. */
  meter?: CostMeter | undefined
}

export interface RunSummary {
  sets: SetOutcome[]
  blocked: Plan['blocked']
  /** Stores of which nothing could be planned; the ledger has them. */
  failures: Plan['failures']
  unknownStores: readonly string[]
}

/**
 * Brings the planner up to date with the log, then plans and runs, turn by turn, until nothing is left that
 * can run. All turns read the log up to the same place; what comes later is left to the next call.
 *
 * Every report is computed store by store, from its store's part of the log and other reports of the same store:
 * so stores that share no partition share no work either, and with a second client they run beside each other
 * from the first turn to the last, none waiting for the other half's slowest report.
 * @param sql a client of one connection (`connectForRuns`)
 */
export async function runWanted(sql: Sql, request: RunRequest): Promise<RunSummary> {
  const { besides, reports = DEFINED_REPORTS, signal, meter } = request
  const basis = await followLog(sql, {
    ...(signal && { signal }),
    onRead: documents => meter?.add(WHOLE_PROCESS, { orders: documents }),
  })
  await ensureStatistics(sql)
  const progress = { done: 0, planned: 0 }
  const failed = new AbortController()
  const run = async (client: Sql, partitions: readonly number[] | null) => {
    const stop = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])])
    try {
      const own = partitions && new Set(partitions)
      return await runLane(client, { ...request, reports, basis, partitions: own, progress, signal: stop })
    } catch (error) {
      // What made the first lane fail stops the other after the set it is at.
      failed.abort(error)
      throw error
    }
  }
  const events = new Map(basis.map(({ offset }, partition) => [partition, offset]))
  const [mine = [], others] = sharePartitions(events, 2)
  const lanes =
    besides === undefined || others === undefined ? [run(sql, null)] : [run(sql, mine), run(besides, others)]
  // Told when both have ended: nobody's connection is closed under it.
  await Promise.allSettled(lanes)
  failed.signal.throwIfAborted()
  const summaries = await Promise.all(lanes)
  const sets = summaries.flatMap(summary => summary.sets)
  if (sets.reduce((runs, set) => runs + set.succeeded.length, 0) >= MANY_RUNS) {
    await refreshRunStatistics(sql)
    if (lanes.length > 1) await refreshReportStatistics(sql, sets)
  }
  return {
    sets,
    blocked: summaries.flatMap(summary => summary.blocked),
    failures: summaries.flatMap(summary => summary.failures),
    unknownStores: [...new Set(summaries.flatMap(summary => summary.unknownStores))],
  }
}

/** Gathered by each lane, they were of its own half: neither sees what the other has not committed. */
async function refreshReportStatistics(sql: Sql, sets: readonly SetOutcome[]): Promise<void> {
  const rows = new Map<Report, number>()
  for (const { report, succeeded } of sets) {
    const computed = succeeded.reduce((sum, { rowCount }) => sum + rowCount, 0)
    rows.set(report, (rows.get(report) ?? 0) + computed)
  }
  for (const [report, count] of rows) {
    if (count >= MANY_ROWS) await gatherKeyStatistics(sql, report)
  }
}

interface LaneRequest extends RunRequest {
  reports: readonly Report[]
  basis: readonly Position[]
  /** Whose stores run here; null: all. */
  partitions: ReadonlySet<number> | null
  progress: { done: number; planned: number }
}

async function runLane(sql: Sql, request: LaneRequest): Promise<RunSummary> {
  const {
    wanted,
    trigger,
    now,
    reports,
    basis,
    partitions,
    progress,
    onSet,
    onRetry,
    onSetAside,
    signal,
    meter,
  } = request
  const byName = new Map(reports.map(report => [report.name, report]))
  const tried = new Set<string>()
  const planned: Slot[] = []
  let poisons = 0
  const sets: SetOutcome[] = []
  const load = (scope: Wanted) => loadFacts(sql, { basis, rules: reports, wanted: scope, partitions })
  const judge = async (facts: PlannerFacts) => {
    const verdicts = judgeSlots({ now: now(), facts, rules: reports })
    await writeVerdicts(sql, { verdicts, partitions, now: now() })
  }
  for (;;) {
    signal?.throwIfAborted()
    const facts = await load(wanted)
    const { slots, blocked, failures } = plan({ now: now(), facts, rules: reports, wanted, tried })
    if (wanted.kind === 'due') await judge(facts)
    if (slots.length === 0) {
      // What somebody asked for is no verdict on what is due: that is worked out once, at the end.
      if (wanted.kind === 'range') await judge(await load({ kind: 'due' }))
      await failPlanning(sql, failures)
      return { sets, blocked, failures, unknownStores: facts.unknownStores }
    }
    for (const slot of slots) tried.add(triedKey(slot))
    planned.push(...slots)
    progress.planned += slots.length
    const brokenChains = new Set<string>()
    for (const set of cutIntoSets(slots)) {
      const report = byName.get(set.job)
      if (!report) throw new Error(`${set.job} was planned but is no report`)
      // A chain that broke in an earlier set has nothing to open from in this one.
      const runnable = report.isChained ? set.slots.filter(slot => !brokenChains.has(slot.store)) : set.slots
      if (runnable.length === 0) continue
      const startedAt = performance.now()
      const outcome = await runSet(sql, {
        report,
        reports: byName,
        slots: runnable,
        basis,
        trigger,
        onRetry: (error, attempt) => onRetry?.(set.job, error, attempt),
        onSetAside:
          poisons >= MOST_POISONS
            ? undefined
            : poison => {
                poisons += 1
                // What read the event, and what waited for it, is planned again, in this same call.
                for (const slot of planned) if (slot.store === poison.store) tried.delete(triedKey(slot))
                onSetAside?.(set.job, poison)
              },
        signal,
      })
      if (report.isChained) {
        for (const { store } of [...outcome.failed.map(({ slot }) => slot), ...outcome.taken])
          brokenChains.add(store)
      }
      const elapsedMs = performance.now() - startedAt
      meter?.add(report.name, {
        rows: outcome.succeeded.reduce((sum, { rowCount }) => sum + rowCount, 0),
        // One connection, which works for this set alone.
        databaseMicros: elapsedMs * 1_000,
      })
      meter?.observe('run', elapsedMs)
      sets.push(outcome)
      progress.done += set.slots.length
      onSet?.(outcome, { ...progress, elapsedMs })
    }
  }
}

/** Slots of one job that one transaction computes and replaces together. */
interface RunSet {
  job: string
  slots: readonly Slot[]
}

interface SetLimits {
  /** Events of the log in one set; a single slot may have more. */
  maxEvents: number
  maxSlots: number
}

/** A million events sort and group in some seconds and a few hundred megabytes of temporary files. */
const SET_LIMITS: SetLimits = { maxEvents: 1_000_000, maxSlots: 4_000 }

/**
 * Cuts planned slots (in their order: job, then period) into sets that bound memory and the length of a
 * transaction: a year of a few stores is a handful of statements, not thousands of runs.
 */
export function cutIntoSets(slots: readonly Slot[], limits: SetLimits = SET_LIMITS): RunSet[] {
  const sets: { job: string; slots: Slot[] }[] = []
  let events = 0
  for (const slot of slots) {
    const last = sets.at(-1)
    const fits =
      last !== undefined &&
      last.job === slot.job &&
      last.slots.length < limits.maxSlots &&
      events + slot.events <= limits.maxEvents
    if (fits) {
      last.slots.push(slot)
      events += slot.events
    } else {
      sets.push({ job: slot.job, slots: [slot] })
      events = slot.events
    }
  }
  return sets
}
