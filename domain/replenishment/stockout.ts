import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { type DemandClock, hoursUntil, unitsWithin } from './demand-clock.ts'
import { Z_OF_RANGE } from './quantiles.ts'

/** When a shelf is empty if nothing comes. Null: not within `HORIZON_DAYS`. */
export interface Stockout {
  /** In the middle: the forecast comes true. */
  at: Instant | null
  /** As early, and as late, as it is in one case of ten. */
  early: Instant | null
  late: Instant | null
}

/** Further ahead a date says nothing: seasons and ranges will have changed. */
export const HORIZON_DAYS = 182
const HORIZON_HOURS = HORIZON_DAYS * 24

/**
 * Projects when what is on hand is sold. Demand of t days is about normal with mean M(t) of the forecast and deviation
 * spread × √t, days being independent (Silver, Pyke & Thomas, "Inventory and Production Management in Supply Chains",
 * 4th ed. 2017, ch. 6): the bounds are where M(t) ± z × spread × √t reaches what is on hand. A change of clocks on the way
 * moves it by an hour.
 * @param from where `at` lies in the store's week (`placeInWeek`)
 */
export function projectStockout(
  clock: DemandClock,
  { at, from, onHand }: { at: Instant; from: number; onHand: number },
): Stockout {
  if (onHand <= 0) return { at, early: at, late: at }
  const instantOf = (hours: number): Instant | null =>
    hours > HORIZON_HOURS ? null : Math.round(at + hours * HOUR_MS)
  const middle = hoursUntil(clock, from, onHand)
  if (clock.perWeek <= 0 || clock.spread <= 0) {
    const projected = instantOf(middle)
    return { at: projected, early: projected, late: projected }
  }
  return {
    at: instantOf(middle),
    early: instantOf(boundHours(clock, { from, onHand, z: Z_OF_RANGE, middle })),
    late: instantOf(boundHours(clock, { from, onHand, z: -Z_OF_RANGE, middle })),
  }
}

/**
 * Hours until the shelf is empty in a case so far from the middle: the least t at which M(t) + z × spread × √t is what is
 * on hand. @param z positive: more is sold, and it is empty earlier
 */
export function boundHours(
  clock: DemandClock,
  { from, onHand, z, middle }: { from: number; onHand: number; z: number; middle: number },
): number {
  const sold = (hours: number) =>
    unitsWithin(clock, from, hours) + z * clock.spread * Math.sqrt(Math.max(0, hours) / 24)
  let low = z > 0 ? 0 : Math.min(middle, HORIZON_HOURS)
  let high = z > 0 ? Math.min(middle, HORIZON_HOURS) : 2 * HORIZON_HOURS
  if (z > 0 && sold(high) < onHand) return Number.POSITIVE_INFINITY
  for (let step = 0; step < 24; step += 1) {
    const at = (low + high) / 2
    if (sold(at) >= onHand) high = at
    else low = at
  }
  return high
}

/**
 * The probability that demand within so many hours is at least what is on hand, by the same normal distribution: the
 * risk that the shelf is empty before something comes.
 */
export function stockoutRisk(
  clock: DemandClock,
  { from, hours, onHand }: { from: number; hours: number; onHand: number },
  normalCdf: (z: number) => number,
): number {
  if (onHand <= 0) return 1
  const mean = unitsWithin(clock, from, hours)
  const deviation = clock.spread * Math.sqrt(Math.max(0, hours) / 24)
  if (deviation <= 0) return mean >= onHand ? 1 : 0
  return normalCdf((mean - onHand) / deviation)
}
