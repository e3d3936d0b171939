import { describe, expect, test } from 'vitest'
import { elasticityOf, liftOf, PRIOR } from './elasticity.ts'

test('nobody buys more because it is dearer, whatever an estimate says', () => {
  expect(liftOf(2, 100, 50)).toBeCloseTo(4, 9)
  expect(liftOf(-1, 100, 50)).toBe(1)
  expect(liftOf(2, 0, 50)).toBe(1)
})

describe('elasticity from offers', () => {
  test('is the likeliest slope together with the prior', () => {
    // By a grid of 200,001 slopes over the written-out likelihood, another program's.
    const offers = [
      { discount: 0.2, units: 150, expected: 100 },
      { discount: 0.25, units: 180, expected: 110 },
      { discount: 0.1, units: 60, expected: 50 },
    ]
    const { mean, deviation } = elasticityOf(offers)
    expect(mean).toBeCloseTo(1.76802, 4)
    expect(deviation).toBeCloseTo(0.20517, 3)
    expect(elasticityOf([{ discount: 0.2, units: 3, expected: 1 }]).mean).toBeCloseTo(3.01272, 3)
  })

  test('without offers is that of consumer goods at large, and little moves it little', () => {
    expect(elasticityOf([])).toEqual(PRIOR)
    expect(elasticityOf([{ discount: 0.2, units: 0, expected: 0 }])).toEqual(PRIOR)
    const little = elasticityOf([{ discount: 0.2, units: 1, expected: 0.8 }])
    expect(Math.abs(little.mean - PRIOR.mean)).toBeLessThan(0.2)
    expect(little.deviation).toBeGreaterThan(1.2)
  })

  test('is as it was where that is what the offers were drawn by, the surer the more there are', () => {
    const drawn = (scale: number) =>
      [0.1, 0.15, 0.2, 0.25, 0.33].map(discount => ({
        ...{ discount, expected: 40 * scale },
        units: Math.round(40 * scale * (1 - discount) ** -1.8),
      }))
    const [some, many] = [elasticityOf(drawn(1)), elasticityOf(drawn(25))]
    expect(many.mean).toBeCloseTo(1.8, 1)
    expect(many.deviation).toBeLessThan(some.deviation / 3)
  })

  test('of offers that scatter is less sure', () => {
    const even = [1, 2, 3, 4].map(() => ({ discount: 0.2, units: 300, expected: 200 }))
    const uneven = [120, 480, 200, 400].map(units => ({ discount: 0.2, units, expected: 200 }))
    expect(elasticityOf(uneven).deviation).toBeGreaterThan(3 * elasticityOf(even).deviation)
  })
})
