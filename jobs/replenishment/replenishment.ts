import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { storeOn } from '#domain/store.ts'
import { HOLDS_AFTER_MS } from '#domain/validity.ts'
import type { OtherJob } from '#jobs/ledger/other-jobs.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { messageOf } from '#platform/command.ts'
import { type Chain, HISTORY_DAYS, loadChain } from './chain.ts'
import { planStore } from './plan-store.ts'
import { bringPurchases, forgetPurchases, loadOpenPurchases, takePurchases } from './purchases.ts'
import { loadStanding, loadStoreFacts } from './store-facts.ts'
import { writePlan } from './write-plan.ts'

/*
 * Invariant: a store's plan stands on one business day: its stock is that of the day's end by daily_inventory, and its
 * orders are those of the log up to that day. A store's plan, forecasts and policies commit together; what goes into
 * reference data holds from minutes later on, so that no event was judged without it that a replay would judge with it.
 *
 *   log ──> purchase_moves ──┐
 *   daily_product_sales ─────┼─> planStore (pure) ──> batch.replenishment
 *   daily_inventory ─────────┘                    └─> ref.demand_forecasts, ref.stock_policies, ref.lead_times
 */

/** Stores at once: one is planned, which takes the process; the others wait for the database. */
const AT_ONCE = 3

/** Once a store's day has ended and its stock is known: forecasts, policies, and what to order. */
export const replenishment: OtherJob = {
  name: 'replenishment',
  isReady: async sql => (await loadDueStores(sql, Date.now())).length > 0,
  run: ({ databaseUrl, runId, logger }) =>
    withConnection(
      databaseUrl,
      { applicationName: 'tillstream replenishment', max: AT_ONCE + 1 },
      async sql => {
        const outcome = await runReplenishment(sql, { runId, now: Date.now() })
        for (const { store, error: err } of outcome.failures)
          logger.error({ err, store }, `no plan of ${store}: ${messageOf(err)}; the others have theirs`)
        const { stores, products, short, forecasts, policies, leadTimes } = outcome
        const detail = `${products} products of ${stores} stores planned, ${short} of them short; ${forecasts} forecasts, ${policies} policies and ${leadTimes} lead times have changed`
        if (outcome.failures.length > 0) {
          const told = outcome.failures.map(({ store, error }) => `${store}: ${messageOf(error)}`)
          throw new Error(`${detail}, but of ${told.join('; ')}`, { cause: outcome.failures[0]?.error })
        }
        return { text: `${detail}.\n`, json: outcome, detail, rowCount: products }
      },
    ),
}

interface Outcome {
  stores: number
  products: number
  short: number
  forecasts: number
  policies: number
  leadTimes: number
  failures: { store: string; error: unknown }[]
}

interface DueStore {
  store: string
  day: BusinessDay
  inventoryRun: number
  partition: number
  throughOffset: number
}

/** Plans every store whose stock has been computed since its last plan. */
export async function runReplenishment(
  sql: Sql,
  { runId, now }: { runId: number; now: Instant },
): Promise<Outcome> {
  const outcome: Outcome = {
    ...{ stores: 0, products: 0, short: 0, forecasts: 0, policies: 0, leadTimes: 0 },
    failures: [],
  }
  const due = await loadDueStores(sql, now)
  const [first] = due
  if (!first) return outcome
  await followLog(sql)
  await takePurchases(sql)
  // Before lead times are worked out, which tonight's deliveries are part of.
  for (const { store, day } of due)
    await sql.begin(transaction => bringPurchases(transaction, { store, day }))
  const validFrom = now + HOLDS_AFTER_MS
  const days = due.map(({ day }) => day).sort()
  const chain = await loadChain(sql, {
    from: addDays(days[0] ?? first.day, 1 - HISTORY_DAYS),
    to: days.at(-1) ?? first.day,
    ...{ now, validFrom },
  })
  outcome.leadTimes = chain.leadTimesWritten
  // While one store is planned, the database reads the next and writes the one before.
  const waiting = due.values()
  const work = async () => {
    for (const store of waiting) {
      try {
        await planOne(sql, { due: store, chain, runId, now, validFrom, outcome })
      } catch (error) {
        outcome.failures.push({ store: store.store, error })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await forgetPurchases(sql, now)
  return outcome
}

async function planOne(
  sql: Sql,
  {
    due: { store: id, day, ...basis },
    chain,
    runId,
    now,
    validFrom,
    outcome,
  }: {
    due: DueStore
    chain: Chain
    runId: number
    now: Instant
    validFrom: Instant
    outcome: Outcome
  },
): Promise<void> {
  const store = chain.stores.get(id)
  if (!store) throw new Error(`store ${id} is not known`)
  const facts = await loadStoreFacts(sql, {
    store: id,
    from: addDays(day, 1 - HISTORY_DAYS),
    to: day,
    currency: storeOn(store, day).currency,
    now,
  })
  const plan = await sql.begin(async transaction => {
    const purchases = await loadOpenPurchases(transaction, id)
    const standing = await loadStanding(transaction, { store: id, validFrom })
    const made = planStore({ store, day, facts, purchases, standing, chain })
    await writePlan(transaction, {
      ...{ store: id, day, plan: made, runId, validFrom },
      basis,
    })
    return made
  })
  outcome.stores += 1
  outcome.products += plan.products.length
  outcome.short += plan.products.filter(({ verdict }) => verdict === 'short').length
  outcome.forecasts += plan.forecasts.length
  outcome.policies += plan.policies.length
}

/**
 * Stores whose newest day with stock that is over is newer than their plan, or has been computed again since. The running
 * day is not over: it has not sold what it will.
 */
async function loadDueStores(sql: Sql, now: Instant): Promise<DueStore[]> {
  return sql<DueStore[]>`
    select newest.store, newest.period as day, newest.run_id as "inventoryRun", newest.partition,
      newest.through_offset as "throughOffset"
    from (
      select distinct on (store) store, period, run_id, partition, through_offset
      from batch.current_runs runs
      where job = 'daily_inventory' and not exists (
        select from ref.store_days(array[runs.store], runs.period, runs.period) day where day.ends_at > ${now})
      order by store, period desc
    ) newest
    left join batch.replenishment_plans plan on plan.store = newest.store
    where plan.store is null or (plan.business_day, plan.inventory_run) is distinct from (newest.period, newest.run_id)
    order by newest.store`
}
