import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import type { Trigger } from '#jobs/ledger/claim-slots.ts'
import { ensureStatistics, refreshRunStatistics } from '#jobs/materialize/ensure-statistics.ts'
import type { Report } from '#jobs/materialize/report.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { loadFacts } from '#jobs/planner/load-facts.ts'
import { type Plan, plan, triedKey, type Wanted } from '#jobs/planner/plan.ts'
import { cutIntoSets, type RunSet } from '#jobs/planner/run-sets.ts'
import { REPORTS } from '#jobs/reports/all-reports.ts'
import { runSet, type SetOutcome } from './run-set.ts'

/** Runs at once that change the list of standing runs enough to look at it anew. */
const MANY_RUNS = 500

export interface RunRequest {
  wanted: Wanted
  trigger: Trigger
  now: () => Instant
  reports?: readonly Report[]
  /** A second client of one connection: what takes longest in a backfill, the chained reports, then runs on it. */
  besides?: Sql
  /** Told after every set. */
  onSet?: (outcome: SetOutcome, progress: { done: number; planned: number; elapsedMs: number }) => void
  onRetry?: (job: string, error: unknown, attempt: number) => void
  signal?: AbortSignal
}

export interface RunSummary {
  sets: SetOutcome[]
  blocked: Plan['blocked']
  unknownStores: readonly string[]
}

/**
 * Brings the planner up to date with the log, then plans and runs, turn by turn, until nothing is left that
 * can run. All turns read the log up to the same place; what comes later is left to the next call.
 * @param sql a client of one connection (`connectForRuns`)
 */
export async function runWanted(sql: Sql, request: RunRequest): Promise<RunSummary> {
  const { wanted, trigger, now, reports = REPORTS, besides, onSet, onRetry, signal } = request
  const byName = new Map(reports.map(report => [report.name, report]))
  const basis = await followLog(sql, signal ? { signal } : {})
  await ensureStatistics(sql)
  const tried = new Set<string>()
  const sets: SetOutcome[] = []
  for (;;) {
    signal?.throwIfAborted()
    const facts = await loadFacts(sql, { basis, rules: reports, wanted })
    const { slots, blocked } = plan({ now: now(), facts, rules: reports, wanted, tried })
    if (slots.length === 0) {
      if (sets.reduce((runs, set) => runs + set.succeeded.length, 0) >= MANY_RUNS)
        await refreshRunStatistics(sql)
      return { sets, blocked, unknownStores: facts.unknownStores }
    }
    for (const slot of slots) tried.add(triedKey(slot))
    let done = 0
    const runSets = async (client: Sql, lane: readonly RunSet[]): Promise<void> => {
      const brokenChains = new Set<string>()
      for (const set of lane) {
        const report = byName.get(set.job)
        if (!report) throw new Error(`${set.job} was planned but is no report`)
        // A chain that broke in an earlier set has nothing to open from in this one.
        const runnable = report.isChained
          ? set.slots.filter(slot => !brokenChains.has(slot.store))
          : set.slots
        if (runnable.length === 0) continue
        const startedAt = performance.now()
        const outcome = await runSet(client, {
          report,
          reports: byName,
          slots: runnable,
          basis,
          trigger,
          onRetry: (error, attempt) => onRetry?.(set.job, error, attempt),
          signal,
        })
        if (report.isChained) {
          for (const { store } of [...outcome.failed.map(({ slot }) => slot), ...outcome.taken])
            brokenChains.add(store)
        }
        sets.push(outcome)
        done += set.slots.length
        onSet?.(outcome, { done, planned: slots.length, elapsedMs: performance.now() - startedAt })
      }
    }
    const planned = cutIntoSets(slots)
    if (besides === undefined) await runSets(sql, planned)
    else {
      // No slot of a turn is computed from another; only checks look from one report to another, and not at chains.
      const isChained = ({ job }: RunSet) => byName.get(job)?.isChained === true
      const lanes = [
        runSets(
          sql,
          planned.filter(set => !isChained(set)),
        ),
        runSets(besides, planned.filter(isChained)),
      ]
      await Promise.allSettled(lanes)
      await Promise.all(lanes)
    }
  }
}
