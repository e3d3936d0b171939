import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effectOf, unitsAtPrice } from './price-effect.ts'

const ELASTICITY = { mean: 2, deviation: 0.3, offers: 8 }
const HALVED = { oldPrice: 100_000, newPrice: 50_000, elasticity: ELASTICITY }
const FORECAST = { mean: 10, variance: 12 }

const effect = (sold: number, changes: object = {}) =>
  effectOf({
    ...{ forecast: FORECAST, expectation: HALVED, unitCost: 30_000, sold },
    ...{ net: sold * 50_000, most: null, ...changes },
  })

describe('units at another price', () => {
  test('are those of the forecast by the power of the elasticity', () => {
    expect(unitsAtPrice(FORECAST, HALVED).units).toBeCloseTo(40, 9)
    expect(unitsAtPrice(FORECAST, { ...HALVED, newPrice: 110_000 }).units).toBeCloseTo(10 * 1.1 ** -2, 9)
  })

  test('have a range of what is not known of the elasticity, and of chance', () => {
    const { low, high } = unitsAtPrice({ mean: 1_000_000, variance: 1_000_000 }, HALVED)
    // Of so many chance is nothing: 2^(2 ± 1.28 × √(0.3² + 0.5²)).
    const spread = 1.2815515655446004 * Math.hypot(0.3, 0.5)
    expect(low / 1_000_000).toBeCloseTo(2 ** (2 - spread), 2)
    expect(high / 1_000_000).toBeCloseTo(2 ** (2 + spread), 2)
    const sure = { ...HALVED, newPrice: 100_000 }
    // At the old price the elasticity says nothing, and chance all: 10 ± 1.28 × √12.
    expect(unitsAtPrice(FORECAST, sure).low).toBeCloseTo(10 - 1.2815515655446004 * Math.sqrt(12), 6)
  })

  test('never exceed what lies there, nor fall below none, and lie within their range', () => {
    const drawn = fc.record({
      mean: fc.double({ min: 0, max: 500, noNaN: true }),
      variance: fc.double({ min: 0, max: 2_000, noNaN: true }),
      newPrice: fc.integer({ min: 0, max: 200_000 }),
      slope: fc.double({ min: -1, max: 5, noNaN: true }),
      most: fc.nat(300),
    })
    fc.assert(
      fc.property(drawn, ({ mean, variance, newPrice, slope, most }) => {
        const elasticity = { mean: slope, deviation: 0.4, offers: 1 }
        const { units, low, high } = unitsAtPrice(
          { mean, variance },
          { oldPrice: 100_000, newPrice, elasticity },
          most,
        )
        expect(low).toBeGreaterThanOrEqual(0)
        expect(low).toBeLessThanOrEqual(units + 1e-9)
        expect(units).toBeLessThanOrEqual(high + 1e-9)
        expect(high).toBeLessThanOrEqual(most)
      }),
    )
  })
})

describe('the effect of an applied price', () => {
  test('is what was sold against both forecasts, and what it left against what the old price would have', () => {
    expect(effect(38)).toMatchObject({
      ...{ forecastOld: 10, sold: 38, verdict: 'as expected' },
      margin: 38 * 20_000,
      marginOld: 10 * 70_000,
    })
  })

  test('is less or more than expected only outside the range', () => {
    expect(effect(10).verdict).toBe('less')
    expect(effect(200).verdict).toBe('more')
  })

  test('is not judged while too little is expected, unless more has been sold than chance gives', () => {
    const early = { forecast: { mean: 0.5, variance: 0.5 } }
    expect(effect(0, early).verdict).toBe('early')
    expect(effect(30, early).verdict).toBe('more')
  })

  test('of a shelf that is sold out is as expected: no more lay there', () => {
    expect(effect(12, { most: 12 }).verdict).toBe('as expected')
    expect(effect(12).verdict).toBe('less')
  })
})
