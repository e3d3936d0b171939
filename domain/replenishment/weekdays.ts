import type { Observed } from './method.ts'

export const WEEKDAYS_OF_WEEK = 7

/** By weekday, Monday first. */
export type ByWeekday = Float64Array

/**
 * How much a weekday sells in proportion to the mean one: what was sold on it, held against what a rate without weekdays
 * would have sold, drawn towards like products' factors as if `weight` units had been seen of those. The posterior mean
 * of a Poisson rate under a gamma prior (Clayton & Kaldor, "Empirical Bayes estimates of age-standardized relative risks",
 * 1987). The mean of the factors, weighted by what is expected, is 1.
 * @param sold units by weekday
 * @param expected units by weekday of a rate without weekdays; 0: the store is closed
 * @param prior of like products
 */
export function weekdayFactors(
  { sold, expected }: { sold: ByWeekday; expected: ByWeekday },
  { prior, weight }: { prior: ByWeekday; weight: number },
): ByWeekday {
  const factors = new Float64Array(WEEKDAYS_OF_WEEK)
  let sum = 0
  let seen = 0
  for (let weekday = 0; weekday < WEEKDAYS_OF_WEEK; weekday += 1) {
    const like = prior[weekday] ?? 1
    const foreseen = like * (expected[weekday] ?? 0)
    factors[weekday] = (like * ((sold[weekday] ?? 0) + weight)) / (foreseen + weight)
    sum += (factors[weekday] ?? 0) * (expected[weekday] ?? 0)
    seen += expected[weekday] ?? 0
  }
  if (sum <= 0) return factors
  const scale = seen / sum
  return factors.map(factor => factor * scale)
}

/** Units of like products that a product's, or a category's, own weekdays have to outweigh. */
const WEIGHT = { store: 50, category: 1_000, product: 200 } as const

/** Weekday factors of every product: its own as far as it has sold, its category's and the store's beside. */
export function weekdaysOf({
  products,
  firstWeekday,
  rates,
}: {
  products: readonly (Observed & { category: string | null })[]
  firstWeekday: number
  /** Units of a day, weekdays aside, by product. */
  rates: readonly number[]
}): ByWeekday[] {
  const ofStore = weekSums()
  const ofCategories = new Map<string | null, WeekSums>()
  const own = products.map((product, index) => {
    const sums = sumsByWeekday(product, firstWeekday, rates[index] ?? 0)
    const ofCategory = ofCategories.get(product.category) ?? weekSums()
    ofCategories.set(product.category, ofCategory)
    for (const all of [ofStore, ofCategory]) {
      for (let weekday = 0; weekday < WEEKDAYS_OF_WEEK; weekday += 1) {
        all.sold[weekday] = (all.sold[weekday] ?? 0) + (sums.sold[weekday] ?? 0)
        all.expected[weekday] = (all.expected[weekday] ?? 0) + (sums.expected[weekday] ?? 0)
      }
    }
    return sums
  })
  const even = new Float64Array(WEEKDAYS_OF_WEEK).fill(1)
  const store = weekdayFactors(ofStore, { prior: even, weight: WEIGHT.store })
  const categories = new Map(
    [...ofCategories].map(([category, sums]) => [
      category,
      weekdayFactors(sums, { prior: store, weight: WEIGHT.category }),
    ]),
  )
  return own.map((sums, index) =>
    weekdayFactors(sums, {
      prior: categories.get(products[index]?.category ?? null) ?? store,
      weight: WEIGHT.product,
    }),
  )
}

interface WeekSums {
  sold: ByWeekday
  expected: ByWeekday
}

function weekSums(): WeekSums {
  return { sold: new Float64Array(WEEKDAYS_OF_WEEK), expected: new Float64Array(WEEKDAYS_OF_WEEK) }
}

function sumsByWeekday({ units, exposure }: Observed, firstWeekday: number, rate: number): WeekSums {
  const { sold, expected } = weekSums()
  let weekday = firstWeekday
  for (let day = 0; day < units.length; day += 1) {
    const share = exposure[day] ?? 0
    if (share > 0) {
      sold[weekday] = (sold[weekday] ?? 0) + (units[day] ?? 0)
      expected[weekday] = (expected[weekday] ?? 0) + share * rate
    }
    weekday = weekday === WEEKDAYS_OF_WEEK - 1 ? 0 : weekday + 1
  }
  return { sold, expected }
}
