import type { Sql } from '#db/client.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { type PlannerFacts, type ReportRule, type StoreFacts, slotKey } from './facts.ts'
import { createStoreView, reasonOf } from './store-view.ts'

/** What the planner says of a slot that is not settled. */
export interface Verdict {
  job: string
  store: string
  partition: number
  period: BusinessDay
  /** due: it runs as soon as the schedule may. waiting: for what it is computed from. early: its days go on. */
  state: 'due' | 'waiting' | 'early'
  reason: string
  /** The run that stood when it was judged; null: none. */
  runId: number | null
}

/** Judges every slot that the facts reach. A pure function, as `plan` is; what is settled is left out. */
export function judgeSlots(request: {
  now: Instant
  facts: PlannerFacts
  /** All reports, in order of dependency. */
  rules: readonly ReportRule[]
}): Verdict[] {
  const { now, facts, rules } = request
  const byName = new Map(rules.map(rule => [rule.name, rule]))
  return facts.stores.flatMap(storeFacts => {
    try {
      return judgeStore(storeFacts)
    } catch {
      // What cannot be planned of a store is in the ledger already (plan).
      return []
    }
  })

  function judgeStore(storeFacts: StoreFacts): Verdict[] {
    const store = createStoreView({
      facts: storeFacts,
      planner: facts,
      rules: byName,
      now,
      includesOpenDays: false,
    })
    return rules.flatMap((rule): Verdict[] => {
      const verdict = (period: BusinessDay, state: Verdict['state'], reason: string): Verdict => ({
        job: rule.name,
        store: storeFacts.store,
        partition: storeFacts.partition,
        period,
        state,
        reason,
        runId: storeFacts.runs.get(slotKey(rule.name, period))?.runId ?? null,
      })
      const judged = store.periods(rule).flatMap(period => {
        const view = store.view(rule, period)
        if (view.state === 'settled') return []
        return [verdict(period, store.isEarly(rule, period) ? 'early' : view.state, reasonOf(view))]
      })
      const coming = store
        .comingPeriods(rule)
        .map(period => verdict(period, 'early', 'none of its days has ended'))
      return [...judged, ...coming]
    })
  }
}

/**
 * Puts verdicts in the place of those of before, for the pages: there is one answer to whether a day is dirty, and it
 * is the planner's. Rows that say the same stay as they are.
 * @param partitions whose slots were judged; null: all
 */
export async function writeVerdicts(
  sql: Sql,
  request: { verdicts: readonly Verdict[]; partitions: ReadonlySet<number> | null; now: Instant },
): Promise<void> {
  const { verdicts, partitions, now } = request
  await sql.begin(async transaction => {
    // One writer at a time, so that none leaves rows of another's moment. Readers do not wait.
    await transaction`lock table batch.open_slots in share row exclusive mode`
    await transaction`
      with judged as (
        select * from unnest(
          ${verdicts.map(verdict => verdict.job)}::text[], ${verdicts.map(verdict => verdict.store)}::text[],
          ${verdicts.map(verdict => verdict.period)}::date[], ${verdicts.map(verdict => verdict.partition)}::smallint[],
          ${verdicts.map(verdict => verdict.state)}::text[], ${verdicts.map(verdict => verdict.reason)}::text[],
          ${verdicts.map(verdict => verdict.runId)}::bigint[]
        ) as verdict(job, store, period, partition, state, reason, run_id)
      ),
      settled as (
        delete from batch.open_slots o
        where ${partitions === null ? transaction`true` : transaction`o.partition = any(${[...partitions]}::smallint[])`}
          and not exists (
            select from judged j where j.job = o.job and j.store = o.store and j.period = o.period)
      )
      insert into batch.open_slots as o (job, store, period, partition, state, reason, run_id, judged_at)
      select job, store, period, partition, state, reason, run_id, ${new Date(now).toISOString()}::timestamptz
      from judged
      on conflict (job, store, period) do update set
        state = excluded.state, reason = excluded.reason, run_id = excluded.run_id, judged_at = excluded.judged_at
      where (o.state, o.reason, o.run_id) is distinct from (excluded.state, excluded.reason, excluded.run_id)`
  })
}
