import type { Observed } from './method.ts'

/** Times the usual day with demand beyond which a day was out of the ordinary. */
const MOST = 2.5
/** Units up to which nothing is. */
const ORDINARY = 8
/** Rounds after which what is usual no longer moves, but for crumbs. */
const ROUNDS = 3

/**
 * Units by day, of which a day counts for so many times the usual day with demand at most: the wholesale customer who
 * takes two hundred candles is no demand of the days to come, and nobody keeps two hundred candles for them. What is usual
 * is the mean of the days with demand, taken again once they are bounded.
 */
export function withoutBulk({ units, exposure }: Observed & { units: Float64Array }): Float64Array {
  let most = Number.POSITIVE_INFINITY
  let largest = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    let count = 0
    let sum = 0
    for (let day = 0; day < units.length; day += 1) {
      const sold = units[day] ?? 0
      if ((exposure[day] ?? 0) <= 0 || sold <= 0) continue
      count += 1
      sum += Math.min(sold, most)
      largest = Math.max(largest, sold)
    }
    if (count < 3 || largest <= ORDINARY) return units
    most = Math.max(ORDINARY, (MOST * sum) / count)
    if (largest <= most) return units
  }
  return units.map(sold => Math.min(sold, most))
}
