import { businessDayOf } from '#domain/business-day.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { netOf, salesEffect } from '#domain/measures.ts'
import type { Alert } from '#domain/operators/alert.ts'
import { OperatorFold } from '#domain/operators/fold.ts'
import { expectedByHour, HABIT_DAYS, orderSizesOf, type SoldHour } from '#domain/operators/habits.ts'
import { clockOffsetMs, expectedBetween, hourClass, hourOfWeek } from '#domain/operators/hour-of-week.ts'
import { MemoryStates } from '#domain/operators/memory-states.ts'
import type { OperatorReference, OrderSizes } from '#domain/operators/reference.ts'
import type { AnyRule } from '#domain/operators/rule.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { Entry } from './plant-into.ts'

/** An alert, and when people heard of it: when the entry was appended that raised it. */
export interface RaisedAlert {
  alert: Omit<Alert, 'openedOffset' | 'amendedOffset'>
  raisedAt: Instant
}

/** Entries between two writings of the states, as of a partition that works off its log. */
const BATCH = 200
/** The log ticks in partitions where nothing comes. */
const TICK_MS = 30_000
const WEEK_MS = 7 * 24 * HOUR_MS

/**
 * What rules find in a history: each partition's operators over its log, with the habits of the weeks before, worked out
 * anew each week.
 */
export function playRules(
  history: Iterable<Entry>,
  { rules, shops }: { rules: readonly AnyRule[]; shops: readonly Shop[] },
): RaisedAlert[] {
  const habits = createHabits(shops)
  const partitions = new Map<number, ReturnType<typeof createPartition>>()
  for (const shop of shops)
    if (!partitions.has(shop.partition))
      partitions.set(
        shop.partition,
        createPartition(rules, { partition: shop.partition, reference: habits.reference }),
      )
  let now = 0
  for (const entry of history) {
    if (now === 0) now = entry.appendedAt
    for (; now + TICK_MS <= entry.appendedAt; now += TICK_MS)
      for (const partition of partitions.values()) partition.tick(now + TICK_MS)
    habits.see(entry)
    partitions.get(entry.event.partition)?.take(entry)
  }
  return [...partitions.values()].flatMap(({ finish }) => finish())
}

function createPartition(
  rules: readonly AnyRule[],
  { partition, reference }: { partition: number; reference: OperatorReference },
) {
  const watermark = new PartitionWatermark()
  const states = new MemoryStates()
  const raised = new Map<string, RaisedAlert>()
  const operators = { rules, metrics: [], sessions: [] }
  const newFold = () => new OperatorFold(operators, { partition, states, reference })
  let fold = newFold()
  let offset = 0
  let lastAt = 0

  function note(appendedAt: Instant): void {
    for (const [id, { alert }] of fold.alerts) {
      raised.set(id, { alert, raisedAt: raised.get(id)?.raisedAt ?? appendedAt })
    }
    fold.alerts.clear()
    if (offset % BATCH !== 0) return
    const [failure] = fold.failures
    if (failure) throw new Error(failure.message)
    states.take(fold.touched, watermark.current)
    fold = newFold()
  }

  function pass(appendedAt: Instant, entry: Entry | null): void {
    offset += 1
    lastAt = appendedAt
    fold.read(
      entry ? { ...entry.event, offset, appendedAt } : { type: 'tick', offset, appendedAt },
      watermark,
    )
    note(appendedAt)
  }

  return {
    take: (entry: Entry) => pass(entry.appendedAt, entry),
    /** Nothing came for a while. */
    tick(now: Instant) {
      if (now - lastAt >= TICK_MS) pass(now, null)
    },
    finish: () => [...raised.values()],
  }
}

interface Habits {
  validFrom: Instant
  expected: Map<string, number[]>
  sizes: Map<string, OrderSizes>
}

/** What stores' habits let expect, as the batch path's job would have written it each week. */
function createHabits(shops: readonly Shop[]) {
  const byId = new Map(shops.map(shop => [shop.id, shop]))
  const versions: Habits[] = []
  const sold = new Map<string, Map<Instant, SoldHour>>()
  let orders: { key: string; at: Instant; size: number }[] = []
  let nextAt: Instant | null = null

  const classAt = (shop: Shop, at: Instant) => hourClass(hourOfWeek(at, clockOffsetMs(shop.zone, at)))
  const sizesKey = (shop: Shop, currency: string, at: Instant) =>
    `${shop.id} ${currency} ${classAt(shop, at)}`

  function see({ event, appendedAt }: Entry): void {
    nextAt ??= appendedAt + WEEK_MS
    if (appendedAt >= nextAt) {
      writeHabits(nextAt)
      nextAt += WEEK_MS
    }
    const shop = byId.get(event.store)
    const effect = salesEffect(event)
    if (!shop || !effect) return
    const hourStart = Math.floor(event.eventTime / HOUR_MS) * HOUR_MS
    const hours = sold.get(shop.id) ?? new Map<Instant, SoldHour>()
    sold.set(shop.id, hours)
    const known = hours.get(hourStart)?.orders ?? 0
    hours.set(hourStart, { businessDay: event.businessDay, hourStart, orders: known + effect.orders })
    if (event.type === 'order.placed' && netOf(effect) > 0) {
      const key = sizesKey(shop, event.currency ?? '', event.eventTime)
      orders.push({ key, at: event.eventTime, size: Math.log(netOf(effect)) })
    }
  }

  function writeHabits(at: Instant): void {
    const expected = new Map<string, number[]>()
    for (const shop of shops) {
      const hours = [...(sold.get(shop.id)?.values() ?? [])]
      const rates = expectedByHour(hours, { store: shop, today: businessDayOf(at, shop) })
      if (shop.input === 'live' && rates) expected.set(shop.id, rates)
    }
    orders = orders.filter(order => order.at >= at - HABIT_DAYS * 24 * HOUR_MS)
    const sizes = new Map<string, OrderSizes>()
    for (const [key, own] of Map.groupBy(orders, order => order.key)) {
      const of = orderSizesOf(own.map(({ size }) => size))
      if (of) sizes.set(key, of)
    }
    versions.push({ validFrom: at + 5 * MINUTE_MS, expected, sizes })
  }

  const valid = (at: Instant) => versions.findLast(({ validFrom }) => validFrom <= at)
  const reference: OperatorReference = {
    ruleAt: () => null,
    expectedOrders(store, from, to) {
      const rates = valid(to)?.expected.get(store)
      const shop = byId.get(store)
      return rates && shop ? expectedBetween(rates, { zone: shop.zone, from, to }) : null
    },
    orderSizes(store, currency, at) {
      const shop = byId.get(store)
      return (shop && valid(at)?.sizes.get(sizesKey(shop, currency, at))) ?? null
    },
    isLive: store => byId.get(store)?.input === 'live',
  }
  return { see, reference }
}
