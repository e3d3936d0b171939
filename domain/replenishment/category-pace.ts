import type { Observed } from './method.ts'

/** A day moves the pace by this share. */
const ALPHA = 0.15
/** Units that an unmoved pace weighs as much as, each day. */
const WEIGHT = 5

/**
 * How much the products of a category sell about each day, in proportion to the whole time: a season, a trend, a week
 * before Christmas. Smoothed, from days before and the day itself alone.
 */
export function categoryPaces(
  products: readonly (Observed & { category: string | null })[],
  rates: readonly number[],
): Map<string | null, Float64Array> {
  const sums = new Map<string | null, { sold: Float64Array; expected: Float64Array }>()
  for (const [index, { category, units, exposure }] of products.entries()) {
    const rate = rates[index] ?? 0
    const sum = sums.get(category) ?? {
      sold: new Float64Array(units.length),
      expected: new Float64Array(units.length),
    }
    sums.set(category, sum)
    for (let day = 0; day < units.length; day += 1) {
      const share = exposure[day] ?? 0
      if (share <= 0) continue
      sum.sold[day] = (sum.sold[day] ?? 0) + (units[day] ?? 0)
      sum.expected[day] = (sum.expected[day] ?? 0) + share * rate
    }
  }
  return new Map(
    [...sums].map(([category, { sold, expected }]) => {
      let level: number | null = null
      const pace = sold.map((units, day) => {
        const foreseen = expected[day] ?? 0
        // A day that is closed, or on which all is on offer, moves nothing.
        if (foreseen > 0) {
          const of = (units + WEIGHT) / (foreseen + WEIGHT)
          level = level === null ? of : level + ALPHA * (of - level)
        }
        return level ?? 1
      })
      return [category, pace]
    }),
  )
}
