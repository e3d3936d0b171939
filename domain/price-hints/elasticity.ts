import { Z_OF_RANGE } from '#domain/replenishment/quantiles.ts'

/** By how many percent fewer are bought where the price is one percent higher, with its standard deviation. */
export interface Elasticity {
  mean: number
  deviation: number
  /** Offers that it was learned from: groups of days at one discount. */
  offers: number
}

/** What goods on offer sold, and what they would have sold without it. */
export interface Offer {
  /** Off the price, as a fraction above 0 and below 1. */
  discount: number
  units: number
  /** Units of the same goods on the same days at their ordinary price. */
  expected: number
}

/**
 * What is known before anything was seen: the mean of 1,851 price elasticities of consumer goods in 81 studies is −2.62
 * (Bijmolt, van Heerde & Pieters, "New Empirical Generalizations on the Determinants of Price Elasticity", Journal of
 * Marketing Research 42, 2005). Of one category it may be anything from nothing to twice that.
 */
export const PRIOR: Readonly<Elasticity> = { mean: 2.62, deviation: 1.3, offers: 0 }

/** Fewer groups say little of how much they scatter. */
const LEAST_GROUPS = 3
const MOST_STEPS = 50

/**
 * Elasticity from offers: units are Poisson with mean expected × (1 − discount)^−ε, a log-linear model with one slope and an
 * offset (McCullagh & Nelder, "Generalized Linear Models", 2nd ed. 1989, ch. 6). The slope that is likeliest together with
 * the prior is found by Newton's method; its variance is the inverse of the curvature there, times the dispersion of the
 * groups (Pearson's χ² over their degrees of freedom, at least 1), since customers come in baskets and not one by one.
 * @param offers those with nothing expected say nothing
 * @returns the prior where there are none
 */
export function elasticityOf(offers: readonly Offer[], prior: Elasticity = PRIOR): Elasticity {
  const groups = offers
    .filter(({ expected, discount }) => expected > 0 && discount > 0 && discount < 1)
    .map(({ discount, units, expected }) => ({ x: -Math.log1p(-discount), units, expected }))
  if (groups.length === 0) return prior
  // Once for the slope, and again with the groups worth as much as they scatter.
  const rough = likeliest(groups, { prior, dispersion: 1 })
  const chi = groups.reduce((sum, { x, units, expected }) => {
    const mean = expected * Math.exp(rough.mean * x)
    return sum + (units - mean) ** 2 / mean
  }, 0)
  const dispersion = groups.length < LEAST_GROUPS ? 1 : Math.max(1, chi / (groups.length - 1))
  return { ...likeliest(groups, { prior, dispersion }), offers: groups.length }
}

/**
 * What no scatter of offers shows: a season that falls or rises while they run, baskets in which the goods would have been
 * anyway. By the made world, in which estimates from 45 days are off by so much and more (docs/price-hints.md).
 */
const UNSEEN_DEVIATION = 0.5

/** The elasticities beyond which one case of ten lies on either side. */
export function elasticityRange({ mean, deviation }: Elasticity): { low: number; high: number } {
  const spread = Z_OF_RANGE * Math.hypot(deviation, UNSEEN_DEVIATION)
  return { low: mean - spread, high: mean + spread }
}

/** How many times as many are bought at a new price. */
export function liftOf(slope: number, oldPrice: number, newPrice: number): number {
  return oldPrice > 0 && newPrice > 0 ? (newPrice / oldPrice) ** -Math.max(0, slope) : 1
}

function likeliest(
  groups: readonly { x: number; units: number; expected: number }[],
  { prior, dispersion }: { prior: Elasticity; dispersion: number },
): { mean: number; deviation: number } {
  const precision = 1 / prior.deviation ** 2
  let mean = prior.mean
  let curvature = precision
  for (let step = 0; step < MOST_STEPS; step += 1) {
    let slope = (prior.mean - mean) * precision
    curvature = precision
    for (const { x, units, expected } of groups) {
      const sold = expected * Math.exp(mean * x)
      slope += (x * (units - sold)) / dispersion
      curvature += (x ** 2 * sold) / dispersion
    }
    // Half a unit of elasticity at most: far from the top the curvature says little.
    const move = Math.min(0.5, Math.max(-0.5, slope / curvature))
    mean += move
    if (Math.abs(move) < 1e-9) break
  }
  return { mean, deviation: Math.sqrt(1 / curvature) }
}
