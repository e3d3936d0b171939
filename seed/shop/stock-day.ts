import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { closingOf, openingOf } from '#seed/world/demand.ts'
import type { Shop } from '#seed/world/stores.ts'
import { deliveryDayOf, type Supplier } from '#seed/world/suppliers.ts'
import { ordinaryOrders } from '#seed/world/world.ts'
import { demandOf } from './day-demand.ts'
import type { TradingShop } from './shop-state.ts'
import { reorder } from './stock.ts'

/** The buyer orders on Mondays. */
const BUYERS_WEEKDAY = 1
/** Deliveries come before the doors open; the web shop's warehouse takes them in at six. */
const FIRST_DELIVERY_HOUR = 6
/** A late supplier comes on one of its next mornings. */
const DAYS_LATE = [1, 1, 1, 2, 3]
/** Every shelf once in twenty days. */
export const SHELVES_COUNTED_A_DAY = 25

/** When goods come. */
export function deliveryTimeOf(shop: Shop, day: BusinessDay): Instant {
  const hour = Math.max(FIRST_DELIVERY_HOUR, shop.opens - 1)
  return openingOf(shop, day) + (hour - shop.opens) * HOUR_MS
}

/** When some of the shelves are counted: once the goods stand on them. */
export function countingTimeOf(shop: Shop, day: BusinessDay): Instant {
  return deliveryTimeOf(shop, day) + 10 * MINUTE_MS
}

/** When goods are ordered: after closing; the web shop orders at noon what its night has emptied. */
export function orderTimeOf(shop: Shop, day: BusinessDay): Instant {
  return shop.channel === 'online'
    ? openingOf(shop, day) + 12 * HOUR_MS
    : closingOf(shop, day) + 20 * MINUTE_MS
}

/** Days after its order for which a shop looks ahead. */
const LOOKS_AHEAD_DAYS = [1, 2, 3, 4]
/** Of these, it orders for so many. */
const BUSIEST_DAYS = 2

/**
 * How many times the ordinary demand the days to come bring, by product: of the season, of sales that are announced. Never
 * less than 1: what a shop holds in quiet times is what it wants to hold.
 */
function liftsOf({ world, shop }: TradingShop, day: BusinessDay): number[] {
  const { products } = world
  const all = products.reduce((sum, { popularity }) => sum + popularity, 0)
  const ordinary = ordinaryOrders(world, shop) / all
  const days = LOOKS_AHEAD_DAYS.map(ahead => demandOf(world, shop, { day: addDays(day, ahead), extra: [] }))
  return products.map(({ popularity }, index) => {
    const wanted = days.map(({ orders, sums }) => {
      const own = (sums[index] ?? 0) - (index === 0 ? 0 : (sums[index - 1] ?? 0))
      return (orders * own) / (sums.at(-1) ?? 1)
    })
    // A Saturday is ordered for, whatever the Monday after it brings.
    const busiest = wanted.sort((one, other) => other - one).slice(0, BUSIEST_DAYS)
    const mean = busiest.reduce((sum, one) => sum + one, 0) / busiest.length
    return Math.max(1, mean / (ordinary * popularity))
  })
}

/**
 * What a shop orders on a day.
 * @param saidAt what the order says of a delivery's time, where the stock room's clock is not everybody's
 */
export function orderOfDay(
  trading: TradingShop,
  at: Instant,
  { day, saidAt = dueAt => dueAt }: { day: BusinessDay; saidAt?: (dueAt: Instant) => Instant },
): SentEvent[] {
  const { random, shop } = trading
  const dayOf = (supplier: Supplier) => deliveryDayOf(supplier, addDays(day, supplier.leadTimeDays))
  return reorder(trading, at, {
    dueAt: supplier => deliveryTimeOf(shop, dayOf(supplier)),
    saidAt,
    comesAt(supplier) {
      const isLate = random.chance(supplier.unreliability)
      const comes = isLate
        ? deliveryDayOf(supplier, addDays(dayOf(supplier), random.pick(DAYS_LATE)))
        : dayOf(supplier)
      return deliveryTimeOf(shop, comes)
    },
    lifts: liftsOf(trading, day),
    withBuyer: new Date(`${day}T00:00:00Z`).getUTCDay() === BUYERS_WEEKDAY,
    day,
  })
}
