import { describe, expect, test } from 'vitest'
import { demandAtLeast, demandQuantile, normalCdf, normalQuantile, Z_OF_RANGE } from './quantiles.ts'

describe('the normal distribution', () => {
  test.each([
    [0.5, 0],
    [0.9, 1.2815515655],
    [0.95, 1.644853627],
    [0.98, 2.0537489106],
    [0.001, -3.0902323062],
  ])('has %d below %d', (share, z) => {
    expect(normalQuantile(share)).toBeCloseTo(z, 7)
    expect(normalCdf(z)).toBeCloseTo(share, 6)
  })

  test('has a tenth beyond the bounds of a range', () => {
    expect(normalCdf(-Z_OF_RANGE)).toBeCloseTo(0.1, 7)
  })

  test('has no value for shares that are none', () => {
    for (const share of [0, 1, -0.1, Number.NaN]) expect(() => normalQuantile(share)).toThrow(RangeError)
  })
})

describe('the units that demand does not exceed', () => {
  // By scipy.stats: poisson.ppf, nbinom.ppf.
  test.each([
    ['nothing', { mean: 0, variance: 0, share: 0.95 }, 0],
    ['a Poisson count of 0.3', { mean: 0.3, variance: 0.3, share: 0.95 }, 1],
    ['a Poisson count of 4', { mean: 4, variance: 4, share: 0.98 }, 9],
    ['one whose variance is below its mean, taken for Poisson', { mean: 4, variance: 2, share: 0.98 }, 9],
    ['a negative binomial count of 4, variance 12', { mean: 4, variance: 12, share: 0.95 }, 11],
    ['many: mean 400, variance 900', { mean: 400, variance: 900, share: 0.95 }, 450],
  ])('of %s', (_, demand, units) => {
    expect(demandQuantile(demand)).toBe(units)
  })

  test('are about the same by counting as by the normal distribution, where one takes over from the other', () => {
    for (const share of [0.9, 0.95, 0.98]) {
      const counted = demandQuantile({ mean: 50, variance: 80, share })
      expect(Math.abs(counted - (50 + normalQuantile(share) * Math.sqrt(80)))).toBeLessThan(3)
    }
  })
})

describe('the probability that demand is at least so many units', () => {
  // 1 − Σ of the counts below, written out.
  test.each([
    ['a Poisson count of 4', { mean: 4, variance: 4, units: 3 }, 0.7618967],
    ['one whose variance is below its mean', { mean: 0.3, variance: 0.1, units: 1 }, 0.2591818],
    ['a negative binomial count', { mean: 4, variance: 12, units: 8 }, 0.1430676],
    ['many: the normal', { mean: 400, variance: 900, units: 450 }, 0.0494715],
    ['no units', { mean: 4, variance: 4, units: 0 }, 1],
    ['no demand', { mean: 0, variance: 0, units: 1 }, 0],
  ])('of %s', (_, demand, probability) => {
    expect(demandAtLeast(demand)).toBeCloseTo(probability, 5)
  })

  test('is what the quantile leaves', () => {
    for (const mean of [0.2, 3, 17, 49]) {
      const demand = { mean, variance: 2 * mean }
      const units = demandQuantile({ ...demand, share: 0.95 })
      expect(demandAtLeast({ ...demand, units: units + 1 })).toBeLessThanOrEqual(0.05)
      expect(demandAtLeast({ ...demand, units })).toBeGreaterThan(0.05)
    }
  })
})
