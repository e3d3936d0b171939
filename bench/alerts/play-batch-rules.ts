import {
  type AnyHourlyRule,
  type AnyKeyedRule,
  alertOf,
  inLogOrder,
  type KeyedContext,
  type RuleDocument,
  ruleInForce,
} from '#domain/batch-rules/batch-rule.ts'
import { isPresent } from '#domain/batch-rules/card-in-two-stores.ts'
import {
  candidatesAt,
  HOUR_KNOWN_AFTER_MS,
  HourlyJudge,
  knownAtHour,
  LEAST_PRODUCT_DAYS,
  MOST_RULE_HOURS,
  PRODUCT_HABIT_DAYS,
  type SoldUnits,
} from '#domain/batch-rules/hourly-judge.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import { SALES_DOCUMENTS } from '#domain/measures.ts'
import { textDetail } from '#domain/operators/event.ts'
import type { Parameters } from '#domain/operators/rule.ts'
import { storeAt } from '#domain/store.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { Entry } from './plant-into.ts'
import type { RaisedAlert } from './play-rules.ts'

/** The batch path looks once an hour. */
const TICK_MS = HOUR_MS
const AS_THEY_COME = { ruleAt: () => null }

/** What the rules of the batch path find in a history, by their own functions: of whole keys, and hour by hour. */
export function playBatchRules(
  entries: readonly Entry[],
  {
    keyedRules,
    hourlyRules,
    shops,
  }: {
    keyedRules: readonly AnyKeyedRule[]
    hourlyRules: readonly AnyHourlyRule[]
    shops: readonly Shop[]
  },
): RaisedAlert[] {
  return [...playKeys(entries, keyedRules, shops), ...playHours(entries, hourlyRules)]
}

function playKeys(
  entries: readonly Entry[],
  rules: readonly AnyKeyedRule[],
  shops: readonly Shop[],
): RaisedAlert[] {
  const documents = documentsOf(entries)
  const through = entries.at(-1)?.appendedAt ?? 0
  const named = new Set(documents.filter(({ type }) => type === 'order.returned').map(({ order }) => order))
  const keys = {
    order: Map.groupBy(
      documents.filter(({ order }) => order !== null && named.has(order)),
      ({ order }) => order,
    ),
    card: Map.groupBy(documents.filter(isPresent), ({ cardToken }) => cardToken),
  }
  const byPlace = new Map(documents.map(document => [`${document.partition}-${document.offset}`, document]))
  return rules.flatMap(rule => {
    const context = contextOf(rule, { documents, shops, through })
    return [...keys[rule.by].values()].flatMap(own =>
      rule.judge(own.toSorted(inLogOrder), context).map((finding): RaisedAlert => {
        const began = byPlace.get(`${finding.began.partition}-${finding.began.offset}`)
        const waited = rule.waitsMs?.(ruleInForce(rule, AS_THEY_COME, 0)?.parameters ?? {}) ?? 0
        return { alert: alertOf(rule, finding), raisedAt: nextTick((began?.appendedAt ?? 0) + waited) }
      }),
    )
  })
}

function contextOf(
  rule: AnyKeyedRule,
  {
    documents,
    shops,
    through,
  }: { documents: readonly RuleDocument[]; shops: readonly Shop[]; through: Instant },
): KeyedContext<Parameters> {
  const byId = new Map(shops.map(shop => [shop.id, shop]))
  const began = new Map<string, BusinessDay>()
  for (const { store, businessDay } of documents) if (!began.has(store)) began.set(store, businessDay)
  return {
    through,
    ruleAt: at => ruleInForce(rule, AS_THEY_COME, at),
    storeAt(store, at) {
      const shop = byId.get(store)
      return shop ? storeAt(shop, at) : null
    },
    logBegan: store => began.get(store) ?? null,
    // Files of the world are never missing.
    filesIn: () => 0,
  }
}

function documentsOf(entries: readonly Entry[]): RuleDocument[] {
  const offsets = new Map<number, number>()
  return entries.flatMap(({ event, appendedAt }): RuleDocument[] => {
    const offset = (offsets.get(event.partition) ?? 0) + 1
    offsets.set(event.partition, offset)
    const type = SALES_DOCUMENTS.find(one => one === event.type)
    if (!type) return []
    const { lines, details: _, ...fields } = event
    const charges = (event.details?.charges ?? []) as readonly { amount: number }[]
    return [
      {
        ...fields,
        type,
        offset,
        appendedAt,
        channel: event.channel ?? '',
        order: type === 'order.returned' ? textDetail(event, 'originalOrderId') : event.orderId,
        cardToken: textDetail(event, 'cardToken'),
        entryMode: textDetail(event, 'entryMode'),
        totalCharges: charges.reduce((sum, { amount }) => sum + amount, 0),
        skus: lines?.skus ?? [],
        units: lines?.units ?? [],
      },
    ]
  })
}

function playHours(entries: readonly Entry[], rules: readonly AnyHourlyRule[]): RaisedAlert[] {
  const judge = new HourlyJudge(AS_THEY_COME, [])
  const first = entries[0]?.appendedAt ?? 0
  const end = entries.at(-1)?.appendedAt ?? 0
  const days = new Map<number, Map<string, number>>()
  let sold: SoldUnits[] = []
  let next = 0
  const raised = new Map<string, RaisedAlert>()
  for (let at = Math.ceil(first / HOUR_MS) * HOUR_MS; at + HOUR_KNOWN_AFTER_MS <= end; at += HOUR_MS) {
    for (
      let entry = entries[next];
      entry && entry.appendedAt <= at + HOUR_KNOWN_AFTER_MS;
      entry = entries[next]
    ) {
      next += 1
      sold.push(...soldOf(entry))
      for (const { store, sku, units } of soldOf(entry)) {
        const day = Math.floor(entry.appendedAt / DAY_MS)
        const own = days.get(day) ?? new Map<string, number>()
        days.set(day, own)
        own.set(`${store} ${sku}`, (own.get(`${store} ${sku}`) ?? 0) + units)
      }
    }
    sold = sold.filter(({ hour }) => hour > at - MOST_RULE_HOURS * HOUR_MS)
    const candidates = candidatesAt(at, { rules, reference: AS_THEY_COME, sold })
    const today = Math.floor((at - 1) / DAY_MS)
    const before = [...days].filter(([day]) => day < today && day >= today - PRODUCT_HABIT_DAYS)
    const [failure] = judge.judge(at, {
      rules,
      candidates,
      daysOf: (store, sku) =>
        before.length < LEAST_PRODUCT_DAYS ? null : before.map(([, own]) => own.get(`${store} ${sku}`) ?? 0),
    })
    if (failure) throw failure
    for (const [id, alert] of judge.changed) {
      raised.set(id, { alert, raisedAt: raised.get(id)?.raisedAt ?? nextTick(at + HOUR_KNOWN_AFTER_MS) })
    }
    judge.changed.clear()
  }
  return [...raised.values()]
}

function soldOf({ event, appendedAt }: Entry): SoldUnits[] {
  if (event.class !== 'live' || (event.type !== 'order.placed' && event.type !== 'order.voided')) return []
  const { store, lines } = event
  const sign = event.type === 'order.placed' ? 1 : -1
  const when = { hour: Math.ceil(event.eventTime / HOUR_MS) * HOUR_MS, knownAt: knownAtHour(appendedAt) }
  return (lines?.skus ?? []).map((sku, line) => ({
    store,
    sku,
    ...when,
    units: sign * (lines?.units[line] ?? 0),
  }))
}

function nextTick(at: Instant): Instant {
  return Math.ceil(at / TICK_MS) * TICK_MS
}
