import { MAD_SCALE } from '#domain/operators/habits.ts'
import { hourlyRule } from './batch-rule.ts'

/** A product that sells in a few hours, in store after store, far more than whole days of it do. */
export const productEverywhere = hourlyRule({
  name: 'product_everywhere',
  kind: 'anomaly',
  title: 'A product sells everywhere',
  describe: ({ stores, hours, deviations, units }) =>
    `A product of which ${stores} stores or more have sold, within ${hours} hours, at least ${units} units each and more than a whole day brings them: ${deviations} deviations above the middle of their last four weeks.`,
  source:
    'Outliers against median and median absolute deviation: Rousseeuw & Croux, "Alternatives to the Median Absolute Deviation", JASA 88, 1993; at least the spread of a Poisson count of that size.',
  parameters: {
    stores: { title: 'Stores', unit: 'stores', least: 2, most: 1_000, initial: 3 },
    hours: { title: 'Within', unit: 'hours', least: 1, most: 24, initial: 6 },
    deviations: { title: 'Deviations', unit: 'deviations', least: 2, most: 50, initial: 5 },
    units: { title: 'Units in each store', unit: 'units', least: 1, most: 1_000, initial: 6 },
  },
  by: 'product',
  hours: ({ hours }) => hours,
  asksFor: ({ stores, units }) => ({ stores, units }),
  judge(sales, { parameters: { stores, hours, deviations, units: least }, sku }) {
    const far = sales
      .map(({ store, units, days }) => ({ store, units, ...habitOf(days) }))
      .map(one => ({ ...one, times: (one.units - one.median) / one.spread }))
      .filter(({ units, times }) => units >= least && times > deviations)
      .sort((one, other) => other.times - one.times || (one.store < other.store ? -1 : 1))
    const [first] = far
    if (!first || far.length < stores) return null
    const together = far.reduce((sum, { units }) => sum + units, 0)
    return {
      store: first.store,
      score: Math.min(100, 50 + 10 * (far.length - stores)),
      summary: `${together} × ${sku} in ${far.length} stores within ${hours} hours, far above a whole day of each`,
      figures: far.slice(0, 20).map(({ store, units, median, spread }) => ({
        label: `Units in ${store}`,
        value: String(units),
        limit: `at most ${Math.floor(median + deviations * spread)}, as days bring ${median}`,
      })),
      receipts: [],
    }
  },
})

/** The middle of days, and their spread: never less than that of chance, so that quiet products are no news. */
function habitOf(days: readonly number[]): { median: number; spread: number } {
  const median = middleOf(days)
  const deviation = middleOf(days.map(units => Math.abs(units - median)))
  return { median, spread: Math.max(1, Math.sqrt(median), MAD_SCALE * deviation) }
}

function middleOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}
