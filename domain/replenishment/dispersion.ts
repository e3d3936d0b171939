import type { Observed } from './method.ts'

/** The dispersion of like products weighs as much as so many days. */
const WEIGHT_DAYS = 28
/** Days before which errors are those of a beginning. */
const SETTLED_AFTER_DAYS = 14
/** How fast the level follows that errors are taken from. */
const ALPHA = 0.1
/** A level of nothing would make one sale an infinite surprise. */
const LEAST_LEVEL = 0.02

/**
 * Variance over mean of a day's units, by product: the squared errors of a level that follows the days, in proportion to
 * it, drawn towards those of all products of the store, and never below that of a Poisson count.
 */
export function dispersionsOf(products: readonly Observed[]): number[] {
  const own = products.map(dispersionSums)
  let errors = 0
  let days = 0
  for (const sums of own) {
    errors += sums.errors
    days += sums.days
  }
  const ofAll = days > 0 ? errors / days : 1
  return own.map(sums => Math.max(1, (sums.errors + WEIGHT_DAYS * ofAll) / (sums.days + WEIGHT_DAYS)))
}

function dispersionSums({ units, exposure }: Observed): { errors: number; days: number } {
  let level: number | null = null
  let seen = 0
  let errors = 0
  let days = 0
  for (let day = 0; day < units.length; day += 1) {
    const share = exposure[day] ?? 0
    if (share <= 0) continue
    const sold = units[day] ?? 0
    if (level !== null && seen >= SETTLED_AFTER_DAYS && level > 0) {
      errors += (sold - level * share) ** 2 / (level * share)
      days += 1
    }
    seen += share
    level = level === null ? sold / share : level + ALPHA * (sold - share * level)
    if (level < LEAST_LEVEL) level = LEAST_LEVEL
  }
  return { errors, days }
}
