import { averageRate, type Observed } from './method.ts'

/** A product's days, and what it is like. */
type Alike = Observed & { category: string | null }

/** What like products say of the rate of a new one. */
export interface RatePrior {
  mean: number
  /** It weighs as much as so many days of its own. */
  days: number
}

/** Stands for all products of a store. */
const ALL = Symbol('all')

/** Products of a category without which the store's say more. */
const LEAST_LIKE = 8

/**
 * Rates of like products as a gamma prior, by its moments (empirical Bayes: Robbins, 1956; Efron, "Large-Scale Inference",
 * 2010, §1): where they lie far apart the prior weighs little, where they are alike much. Known products say it; where
 * there are none, the new ones do.
 */
export function ratePriors(
  products: readonly Alike[],
  { isKnown, dispersions }: { isKnown: (index: number) => boolean; dispersions: readonly number[] },
): (category: string | null) => RatePrior {
  const areAnyKnown = products.some((_, index) => isKnown(index))
  const rates = new Map<string | null | typeof ALL, { rate: number; noise: number }[]>()
  for (const [index, product] of products.entries()) {
    if (areAnyKnown && !isKnown(index)) continue
    const seen = seenOf(product)
    if (seen <= 0) continue
    const rate = averageRate(product, Number.POSITIVE_INFINITY) ?? 0
    const own = { rate, noise: ((dispersions[index] ?? 1) * rate) / seen }
    for (const like of [ALL, product.category] as const) {
      const all = rates.get(like)
      if (all) all.push(own)
      else rates.set(like, [own])
    }
  }
  const dispersion = mean(dispersions) || 1
  const priors = new Map(
    [...rates].flatMap(([like, all]) => {
      if (like !== ALL && all.length < LEAST_LIKE) return []
      const middle = mean(all.map(({ rate }) => rate))
      const variance = mean(all.map(({ rate }) => (rate - middle) ** 2)) - mean(all.map(({ noise }) => noise))
      const days =
        variance > 0 ? Math.min(MOST_PRIOR_DAYS, (dispersion * middle) / variance) : MOST_PRIOR_DAYS
      return [[like, { mean: middle, days }] as const]
    }),
  )
  return category => priors.get(category) ?? priors.get(ALL) ?? { mean: 0, days: 0 }
}

/** However alike products are, a new one is its own after so long. */
const MOST_PRIOR_DAYS = 56

/** A new product sells as its like do, at their pace of now, until its own days outweigh them. */
export function newRate({ units, exposure, pace }: Observed, { mean: like, days }: RatePrior): number {
  let sold = 0
  let seen = 0
  for (let day = 0; day < units.length; day += 1) {
    const share = exposure[day] ?? 0
    if (share <= 0) continue
    sold += units[day] ?? 0
    seen += share * (pace?.[day] ?? 1)
  }
  return seen + days > 0 ? ((sold + days * like) / (seen + days)) * (pace?.[units.length - 1] ?? 1) : 0
}

/** Days of exposure. */
export function seenOf({ exposure }: Observed): number {
  let seen = 0
  for (let day = 0; day < exposure.length; day += 1) seen += exposure[day] ?? 0
  return seen
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
