import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  averageRate,
  crostonSba,
  METHODS,
  methodNamed,
  type Observed,
  seasonalNaive,
  smoothedRate,
  tsb,
} from './method.ts'

/** What statsforecast says (testing/make-oracles.py). */
const ORACLES = JSON.parse(
  readFileSync(new URL('./testing/oracles.json', import.meta.url), 'utf8'),
) as readonly { name: string; units: number[]; rates: Record<string, number> }[]

const ordinary = (units: readonly number[]): Observed => ({ units, exposure: units.map(() => 1) })

describe('on ordinary days, each method says what statsforecast says', () => {
  const oursOf = (units: readonly number[]): Record<string, number | null> => ({
    ...Object.fromEntries(METHODS.map(({ name, rate }) => [name, rate(ordinary(units), units.length)])),
    'average-91': averageRate(ordinary(units), 91),
    'seasonal-naive': seasonalNaive(units, units.length),
  })

  test.each(ORACLES.map(oracle => [oracle.name, oracle] as const))('of a series that is %s', (_, oracle) => {
    const ours = oursOf(oracle.units)
    expect(Object.keys(ours).sort()).toEqual(Object.keys(oracle.rates).sort())
    for (const [name, rate] of Object.entries(oracle.rates)) {
      expect.soft(ours[name], name).toBeCloseTo(rate, 4)
    }
  })
})

describe('days that say less than an ordinary one', () => {
  test('a day without exposure changes nothing, whatever is written beside it', () => {
    const units = fc.array(fc.nat(20), { minLength: 10, maxLength: 60 })
    fc.assert(
      fc.property(units, fc.nat(), fc.nat(99), (sold, place, ignored) => {
        const at = place % sold.length
        const with0: Observed = {
          units: sold.toSpliced(at, 0, ignored),
          exposure: sold.map(() => 1).toSpliced(at, 0, 0),
        }
        for (const { rate, name } of METHODS.filter(one => !one.name.startsWith('average'))) {
          expect(rate(with0, sold.length + 1), name).toBe(rate(ordinary(sold), sold.length))
        }
        expect(averageRate(with0, 1_000)).toBe(averageRate(ordinary(sold), 1_000))
      }),
    )
  })

  test('a shelf that is empty at noon says what half a day says: the rate stays that of whole days', () => {
    // Every other day 8 units, and 4 until the shelf was empty.
    const days = Array.from({ length: 80 }, (_, day) => (day % 2 === 0 ? 8 : 4))
    const halves: Observed = { units: days, exposure: days.map(units => units / 8) }
    expect(averageRate(halves, 80)).toBeCloseTo(8, 12)
    expect(smoothedRate(halves, 0.1)).toBeCloseTo(8, 12)
    // One visit an interval: an interval of half a day is half as long.
    expect(crostonSba({ units: days.map(() => 1), exposure: days.map(() => 0.5) }, 0.1)).toBeCloseTo(1.9, 12)
  })

  test('what has stopped selling goes to zero by TSB, and stays where it was by Croston', () => {
    const sold = ordinary([...Array.from({ length: 30 }, () => 2), ...Array.from({ length: 90 }, () => 0)])
    expect(tsb(sold, { demand: 0.1, probability: 0.05 })).toBeLessThan(0.03)
    expect(crostonSba(sold, 0.1)).toBeCloseTo(1.9, 12)
  })

  test('nothing is said of a product that was never there', () => {
    const nothing: Observed = { units: [5, 0, 2], exposure: [0, 0, 0] }
    for (const { rate, name } of METHODS) expect(rate(nothing, 3), name).toBe(null)
    expect(methodNamed('croston-sba').rate(ordinary([0, 0, 0]), 3)).toBe(null)
    expect(methodNamed('smoothed-0.1').rate(ordinary([0, 0, 0]), 3)).toBe(0)
  })
})

test('a rate weighs as much as the mean of so many days: its variance is that of a day over them', () => {
  // Independent days of variance 1, many times over.
  let state = 4711
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const noise = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  for (const name of ['average-28', 'smoothed-0.1'] as const) {
    const { rate, memoryDays } = methodNamed(name)
    const rates = Array.from({ length: 3_000 }, () => {
      const units = Array.from({ length: 90 }, () => 50 + noise())
      return rate(ordinary(units), 90) ?? 0
    })
    const mean = rates.reduce((sum, one) => sum + one, 0) / rates.length
    const variance = rates.reduce((sum, one) => sum + (one - mean) ** 2, 0) / rates.length
    expect(variance * memoryDays, name).toBeGreaterThan(0.9)
    expect(variance * memoryDays, name).toBeLessThan(1.1)
  }
})
