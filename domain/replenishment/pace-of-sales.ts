import { fading } from '#domain/half-life.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { HOURS_OF_WEEK } from '#domain/operators/hour-of-week.ts'
import { type DemandClock, hoursUntil, unitsWithin } from './demand-clock.ts'

/** How fast a product sells of late: each unit counts half as much for every hour that it lies behind the newest. */
export interface SalesPace {
  /** Event time of the newest sale; null: none was seen. */
  newest: Instant | null
  units: number
}

export const NO_SALES_PACE: Readonly<SalesPace> = { newest: null, units: 0 }

const HALF_LIFE_HOURS = 1
const HALF_LIFE_MS = HALF_LIFE_HOURS * HOUR_MS
/** How many of them are looked back: what lies further counts less than a thirtieth. */
const HALF_LIVES = 5
/** A rush is taken to go on for as long as sales are remembered: the mean age of what counts, 1.44 half-lives. */
export const RUSH_HOURS = HALF_LIFE_HOURS / Math.LN2
/** Units that the forecast itself counts for when it is held against what is seen. */
const UNITS_OF_FORECAST = 2

/** The pace with a sale more, which may come late. @param units below zero: a sale that was voided */
export function withSale({ newest, units: before }: SalesPace, at: Instant, units: number): SalesPace {
  if (newest === null) return { newest: at, units }
  return at >= newest
    ? { newest: at, units: before * fading(at - newest, HALF_LIFE_MS) + units }
    : { newest, units: before + units * fading(newest - at, HALF_LIFE_MS) }
}

/**
 * How many times as fast as the forecast says a product sells now: 1 or more. The forecast is a Gamma prior of the rate, and
 * what is sold is Poisson: the posterior mean is (k + sold) / (k + expected), both faded alike (Gelman et al., "Bayesian Data
 * Analysis", 3rd ed. 2013, §2.6). An hour in which less is sold than expected moves nothing: it may be chance, and an empty
 * shelf that was foreseen would vanish from the list at noon.
 * @param place of `at` in the store's week (`placeInWeek`)
 */
export function rushFactor(
  clock: DemandClock,
  { newest, units }: SalesPace,
  { at, place }: { at: Instant; place: number },
): number {
  if (newest === null || units <= 0) return 1
  const sold = at > newest ? units * fading(at - newest, HALF_LIFE_MS) : units
  // Most shelves: nothing was sold for hours.
  if (sold < 0.05) return 1
  let expected = 0
  for (let ago = 0; ago < HALF_LIVES; ago += 1) {
    const from = place - (ago + 1) * HALF_LIFE_HOURS
    const wrapped = from < 0 ? from + HOURS_OF_WEEK : from
    // The mean of 2^(-t) over that half-life.
    expected += (unitsWithin(clock, wrapped, HALF_LIFE_HOURS) * 2 ** -(ago + 1)) / Math.LN2
  }
  return Math.max(1, (UNITS_OF_FORECAST + sold) / (UNITS_OF_FORECAST + expected))
}

/** Units demanded within so many hours, a rush on the way. @param rush as `rushFactor` gives it */
export function unitsInRush(clock: DemandClock, place: number, hours: number, rush: number): number {
  const usual = unitsWithin(clock, place, hours)
  return rush <= 1 ? usual : usual + (rush - 1) * unitsWithin(clock, place, Math.min(hours, RUSH_HOURS))
}

/** Hours until so many units are demanded, a rush on the way; infinite where nothing is. */
export function hoursInRush(clock: DemandClock, place: number, units: number, rush: number): number {
  if (rush <= 1) return hoursUntil(clock, place, units)
  const usual = unitsWithin(clock, place, RUSH_HOURS)
  return units <= rush * usual
    ? hoursUntil(clock, place, units / rush)
    : hoursUntil(clock, place, units - (rush - 1) * usual)
}
