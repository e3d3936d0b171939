import type { BusinessDay } from '#domain/calendar.ts'
import { HOURS_OF_WEEK } from '#domain/operators/hour-of-week.ts'
import { type DemandClock, demandClock } from '#domain/replenishment/demand-clock.ts'
import { promotionsOn } from '#seed/world/promotions.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'

/** Smoothing of the nightly plan's commonest method, and of what a day is off by. */
const ALPHA = 0.1
/** Of the shape of a week, which moves slowly. */
const SHAPE_ALPHA = 0.25

/** What of a product is known in a store. */
interface Learnt {
  /** Units of a day of exposure 1; null before the first. */
  rate: number | null
  variance: number
  clock: DemandClock | null
}

/**
 * Demand by store and product as a nightly plan knows it: exponential smoothing of days, weekdays and offers taken out,
 * spread over a week's hours as orders come. Learnt day by day, from finished days alone.
 */
export function createForecasts(world: World, shop: Shop) {
  const { products, randomSeed, productIndex } = world
  const learnt: Learnt[] = products.map(() => ({ rate: null, variance: 0, clock: null }))
  const weekdays = Array.from({ length: 7 }, () => 1)
  const hours = new Float64Array(HOURS_OF_WEEK)
  let sold = new Float64Array(products.length)
  let orders = new Float64Array(HOURS_OF_WEEK)
  let usual: number | null = null

  return {
    see(lines: readonly { sku: string; units: number }[], hourOfWeek: number): void {
      orders[hourOfWeek] = (orders[hourOfWeek] ?? 0) + 1
      for (const { sku, units } of lines) {
        const index = productIndex.get(sku)
        if (index !== undefined) sold[index] = (sold[index] ?? 0) + units
      }
    },
    /** A business day is over: what it sold is learnt. */
    endDay(day: BusinessDay): void {
      const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
      const count = orders.reduce((sum, one) => sum + one, 0)
      if (count === 0) return
      const promoted = new Set(promotionsOn(randomSeed, day).flatMap(promotion => promotion.products))
      usual = usual === null ? count : usual + ALPHA * (count / (weekdays[weekday] ?? 1) - usual)
      const before = weekdays[weekday] ?? 1
      weekdays[weekday] = before + SHAPE_ALPHA * (count / usual - before)
      for (const [hour, value] of orders.entries()) {
        if (value > 0 || Math.floor(hour / 24) === weekday) {
          hours[hour] = (hours[hour] ?? 0) + SHAPE_ALPHA * (value - (hours[hour] ?? 0))
        }
      }
      for (const [index, one] of learnt.entries()) {
        one.clock = null
        if (promoted.has(index)) continue
        const exposure = weekdays[weekday] ?? 1
        const units = sold[index] ?? 0
        const rate = units / exposure
        if (one.rate === null) {
          one.rate = rate
          one.variance = Math.max(1, rate)
          continue
        }
        one.variance += ALPHA * ((units - one.rate * exposure) ** 2 - one.variance)
        one.rate += (1 - (1 - ALPHA) ** exposure) * (rate - one.rate)
      }
      sold = new Float64Array(products.length)
      orders = new Float64Array(HOURS_OF_WEEK)
    },
    /** Null before anything is known. */
    clockOf(sku: string): DemandClock | null {
      const one = learnt[productIndex.get(sku) ?? -1]
      if (!one || one.rate === null) return null
      one.clock ??= demandClock(
        {
          unitsByWeekday: weekdays.map(weight => weight * (one.rate ?? 0)),
          spread: Math.sqrt(Math.max(one.variance, one.rate)),
        },
        { ordersByHour: hours, cutOverHour: shop.cutOverHour },
      )
      return one.clock
    },
  }
}
