import { businessDayOf, businessDaySpan } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import type { TradingShop } from '#seed/shop/shop-state.ts'
import { stockHeader, writeUnits } from '#seed/shop/stock.ts'
import { openingOf } from '#seed/world/demand.ts'
import { isKept } from '#seed/world/life-cycles.ts'
import { createRandom } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'

/** Goods that the online store's warehouse passes on to a store. */
export interface Transfer {
  at: Instant
  to: Shop
  /** Product index and units. */
  lines: [product: number, units: number][]
}

/** Tuesdays and Fridays, before the stores open. */
const WEEKDAYS = [2, 5]
/** Not at the instant of a count or a delivery. */
const TIME_MS = 6 * HOUR_MS + 20 * MINUTE_MS + 30 * SECOND_MS
const STORES = 2
const PRODUCTS = 6

/**
 * What a shop sends or gets on one of its own business days. Known from the seed and the calendar alone, so that
 * the sender's history and the receiver's can be played apart: the goods come into the warehouse to be passed on.
 */
export function transfersOf(
  world: World,
  shop: Shop,
  { day, days, until }: { day: BusinessDay; days: number; until: Instant },
): Transfer[] {
  const warehouse = warehouseOf(world)
  if (!warehouse) return []
  // On its first day it sends nothing: where days begin later, stores have not opened by then.
  const firstDay = addDays(businessDayOf(until, warehouse), -days)
  const { start, end } = businessDaySpan(day, shop)
  // Its day may be the one before or after the shop's.
  return [-1, 0, 1]
    .map(offset => addDays(day, offset))
    .flatMap(sent => (sent > firstDay ? sentOn(world, warehouse, sent) : []))
    .filter(({ at, to }) => at >= start && at < end && (warehouse.id === shop.id || to.id === shop.id))
}

/** The one shop whose events reach the logs of others. */
export function warehouseOf(world: World): Shop | undefined {
  return world.shops.find(({ channel }) => channel === 'online')
}

/** The transfers of a business day of the warehouse. */
function sentOn(world: World, warehouse: Shop, day: BusinessDay): Transfer[] {
  if (!WEEKDAYS.includes(new Date(`${day}T00:00:00Z`).getUTCDay())) return []
  // A journal store learns of what it sells at night: goods that come by day would be ahead of its books.
  const receivers = world.shops.filter(({ channel, input }) => channel === 'pos' && input === 'live')
  const random = createRandom(world.randomSeed, 'transfers', day)
  const first = random.integer(0, receivers.length - 1)
  return Array.from({ length: Math.min(STORES, receivers.length) }, (_, place) => {
    const products = new Set(
      Array.from({ length: PRODUCTS }, () => random.integer(0, world.products.length - 1)),
    )
    return {
      at: openingOf(warehouse, day) + TIME_MS + place * MINUTE_MS,
      to: receivers[(first + place) % receivers.length] ?? warehouse,
      lines: [...products]
        .filter(product => isKept(world.products[product]?.lifeCycle ?? null, day))
        .map((product): Transfer['lines'][number] => [product, world.products[product]?.packSize ?? 1]),
    }
  }).filter(({ lines }) => lines.length > 0)
}

/** Its part in a transfer: the sender tells of both ends, the receiver puts the goods on its shelves. */
export function passOn(trading: TradingShop, { at, to, lines }: Transfer): SentEvent[] {
  if (trading.shop.id === to.id) {
    const { onHand } = trading.state
    for (const [product, units] of lines) if (onHand) onHand[product] = (onHand[product] ?? 0) + units
    return []
  }
  const written = writeUnits(trading, lines)
  return [
    { ...stockHeader(trading, at), type: 'stock.received', lines: written },
    { ...stockHeader(trading, at), type: 'stock.transferred', toStore: to.id, lines: written },
  ]
}
