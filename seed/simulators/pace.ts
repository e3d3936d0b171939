import { businessDayOf } from '#domain/business-day.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { hourlyDemand, openingOf } from '#seed/world/demand.ts'
import type { Shop } from '#seed/world/stores.ts'

/** Orders a minute over all shops at speed 1: one sees it move, and can still read it. */
export const ORDERS_PER_MINUTE = 45

/** Up and down around the ordinary pace, so that a chart of minutes is no straight line. */
const SWELL = { share: 0.3, periodMs: 23 * MINUTE_MS }

/** Orders a minute of each shop at a time: those that are open share them by size and time of day. */
export function createPaceOf(shops: readonly Shop[], speed: number): (now: Instant) => number[] {
  const demands = shops.map(shop => {
    const demand = hourlyDemand(shop)
    const mean = demand.reduce((total, weight) => total + weight, 0) / demand.length
    return demand.map(weight => (shop.size * weight) / mean)
  })
  return now => {
    const weights = shops.map((shop, index) => {
      const hour = Math.floor((now - openingOf(shop, businessDayOf(now, shop))) / HOUR_MS)
      // Nothing before it opens and after it closes.
      return demands[index]?.[hour] ?? 0
    })
    const sum = weights.reduce((total, weight) => total + weight, 0)
    const swell = 1 + SWELL.share * Math.sin((2 * Math.PI * now) / SWELL.periodMs)
    return weights.map(weight => (sum === 0 ? 0 : (ORDERS_PER_MINUTE * speed * swell * weight) / sum))
  }
}
