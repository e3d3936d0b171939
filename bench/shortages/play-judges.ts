import type { Entry } from '#bench/alerts/plant-into.ts'
import { businessDayOf, businessDaySpan } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { clockOffsetMs, hourOfWeek } from '#domain/operators/hour-of-week.ts'
import { isSold } from '#seed/world/life-cycles.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'
import { createForecasts } from './forecasts.ts'
import type { Judge, Situation } from './judges.ts'
import type { ShelfAlert } from './score.ts'
import { type Shelf, Shelves } from './shelves.ts'

/** After a business day's end its journals are there, and the plan is made. */
const PLANNED_AFTER_MS = 2 * HOUR_MS

/** What judges tell of a history, in the order in which it arrived: the stream's after each event, the batch path's nightly. */
export function playJudges(
  entries: Iterable<Entry>,
  { world, judges }: { world: World; judges: readonly Judge[] },
): Map<string, ShelfAlert[]> {
  const shelves = new Shelves()
  const raised = new Map(judges.map(({ name }) => [name, [] as ShelfAlert[]]))
  const open = new Map(judges.map(({ name }) => [name, new Map<Shelf, ShelfAlert>()]))
  const stores = new Map(world.shops.map(shop => [shop.id, createStore(world, shop)]))

  function judge(path: Judge['path'], situation: Situation): void {
    for (const one of judges) {
      if (one.path !== path) continue
      const opened = open.get(one.name)
      const alert = opened?.get(situation.shelf)
      const isShort = one.isShort(situation, alert !== undefined)
      if (isShort && !alert) {
        const { store, sku } = situation.shelf
        const begun: ShelfAlert = { store, sku, openedAt: situation.at, closedAt: null }
        opened?.set(situation.shelf, begun)
        raised.get(one.name)?.push(begun)
      } else if (!isShort && alert) {
        alert.closedAt = situation.at
        opened?.delete(situation.shelf)
      }
    }
  }

  for (const { event, appendedAt } of entries) {
    for (const store of stores.values()) {
      for (const at of store.nightsUntil(appendedAt)) {
        for (const shelf of shelves.all()) {
          if (shelf.store === store.shop.id) judge('batch', store.situation(shelf, at))
        }
      }
    }
    const store = stores.get(event.store)
    if (!store) continue
    if (event.type === 'order.placed') store.see(event)
    for (const shelf of shelves.apply(event)) judge('stream', store.situation(shelf, appendedAt))
  }
  return raised
}

function createStore(world: World, shop: Shop) {
  const forecasts = createForecasts(world, shop)
  const policies = world.policies.get(shop.id) ?? []
  let day: BusinessDay | null = null
  let plannedAt = 0
  let offset = { until: 0, ms: 0 }

  function offsetAt(at: Instant): number {
    if (at >= offset.until) offset = { until: at + HOUR_MS, ms: clockOffsetMs(shop.zone, at) }
    return offset.ms
  }

  return {
    shop,
    see({ lines, eventTime }: Entry['event']): void {
      const sold = (lines?.skus ?? []).map((sku, index) => ({ sku, units: lines?.units[index] ?? 0 }))
      forecasts.see(sold, hourOfWeek(eventTime, offsetAt(eventTime)))
    },
    /** The nights that are over by now, at each of which its business day has been learnt. */
    *nightsUntil(now: Instant): Generator<Instant> {
      if (day === null) {
        day = businessDayOf(now, shop)
        plannedAt = businessDaySpan(day, shop).end + PLANNED_AFTER_MS
      }
      while (now >= plannedAt) {
        forecasts.endDay(day)
        yield plannedAt
        day = addDays(day, 1)
        plannedAt = businessDaySpan(day, shop).end + PLANNED_AFTER_MS
      }
    },
    situation(shelf: Shelf, at: Instant): Situation {
      const index = world.productIndex.get(shelf.sku) ?? -1
      const product = world.products[index]
      if (!product) throw new Error(`${shelf.sku} is no product of this world`)
      const isWanted =
        product.lifeCycle === null || isSold(product.lifeCycle, new Date(at).toISOString().slice(0, 10))
      return {
        ...{ shelf, product, at, offsetMs: offsetAt(at), clock: forecasts.clockOf(shelf.sku) },
        policy: isWanted ? (policies[index] ?? null) : null,
      }
    },
  }
}
