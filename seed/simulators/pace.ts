import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { demandAt, type TradingShop } from '#seed/shop/shop-state.ts'
import { hourlyDemand } from '#seed/world/demand.ts'

const MINUTES_AN_HOUR = 60

/** Orders a minute of a shop at a time, as its history has them: its demand of the day, by the hour; 0 where it is closed. */
export function ordinaryPaceOf(trading: TradingShop, now: Instant): number {
  const { orders, opening, day } = demandAt(trading, now)
  const hours = hourlyDemand(trading.shop, day)
  const weight = hours[Math.floor((now - opening) / HOUR_MS)] ?? 0
  return (orders * weight) / hours.reduce((sum, one) => sum + one, 0) / MINUTES_AN_HOUR
}

/** Orders a minute of all shops together, at least, while a scenario plays. */
export const BUSY_ORDERS_PER_MINUTE = 45

/**
 * The pace while a scenario plays: what takes hours on an ordinary day is seen within minutes. Shops share it as they
 * share the ordinary one.
 */
export function busyPace(usual: readonly number[]): readonly number[] {
  const sum = usual.reduce((total, pace) => total + pace, 0)
  return sum === 0 ? usual : usual.map(pace => pace * Math.max(1, BUSY_ORDERS_PER_MINUTE / sum))
}
