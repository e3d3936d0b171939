import { type AnyKeyedRule, type KeyedContext, ruleInForce } from '#domain/batch-rules/batch-rule.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import type { Parameters } from '#domain/operators/rule.ts'
import { storeAt, storeOn } from '#domain/store.ts'
import { loadStores } from './stores.ts'
import type { Reading } from './transaction.ts'

/** For so long a journal is awaited (batch.awaited_journals). */
const AWAITED_DAYS = 28

/** What rules of the batch path join documents with: facts with validity, and which days the log has of stores. */
export interface RuleKnowledge {
  contextOf(rule: AnyKeyedRule, through: Instant): KeyedContext<Parameters>
}

/** Reads what the planner knows of stores' days, and the stores themselves. */
export async function loadRuleKnowledge(
  reading: Reading,
  reference: OperatorReference,
): Promise<RuleKnowledge> {
  const [stores, days, awaited] = await Promise.all([
    loadStores(reading),
    reading<{ store: string; day: BusinessDay; firstAt: Instant }[]>`
      select store, business_day as day, first_appended_at as "firstAt" from batch.day_head
      where documents > 0 order by store, business_day`,
    reading<{ store: string; day: BusinessDay }[]>`
      select store, business_day as day
      from batch.awaited_journals(
        (select array_agg(distinct store) from ref.store_versions where input = 'journal'),
        current_date - ${AWAITED_DAYS + 2}::integer, current_date)`,
  ])
  const storesById = new Map(stores.map(store => [store.id, store]))
  const daysOf = Map.groupBy(days, ({ store }) => store)
  const awaitedOf = Map.groupBy(awaited, ({ store }) => store)
  return {
    contextOf: (rule, through) => ({
      through,
      ruleAt: at => ruleInForce(rule, reference, at),
      storeAt(id, at) {
        const store = storesById.get(id)
        return store ? storeAt(store, at) : null
      },
      logBegan: (store, asOf) => daysOf.get(store)?.find(({ firstAt }) => firstAt <= asOf)?.day ?? null,
      filesIn(id, day) {
        const store = storesById.get(id)
        if (!store || storeOn(store, day).input === 'live') return 0
        if (awaitedOf.get(id)?.some(one => one.day <= day)) return null
        const from = addDays(day, -AWAITED_DAYS)
        return (daysOf.get(id) ?? [])
          .filter(one => one.day > from && one.day <= day)
          .reduce((latest, { firstAt }) => Math.max(latest, firstAt), 0)
      },
    }),
  }
}
