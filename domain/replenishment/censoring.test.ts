import { describe, expect, test } from 'vitest'
import { missedSales, servedShare } from './censoring.ts'
import { isOtherForecast, isOtherPolicy } from './material-change.ts'

/** A business day from four in the morning: the shop sells from nine to nine, the same each hour. */
const SHARES = Array.from({ length: 25 }, (_, hour) => Math.min(1, Math.max(0, (hour - 5) / 12)))

describe('the share of a day that a shelf served', () => {
  const shelf = { stockoutMinutes: 0, opening: 20, closing: 5 }

  test.each([
    ['all of it while something lay there', {}, 1],
    ['none of it where nothing lay there all day', { stockoutMinutes: 1_440, opening: 0, closing: 0 }, 0],
    ['half of it when it ran out at three', { stockoutMinutes: 13 * 60, closing: 0 }, 0.5],
    ['three quarters when goods came at noon', { stockoutMinutes: 8 * 60, opening: 0 }, 0.75],
    ['all of it when it was empty at night alone', { stockoutMinutes: 5 * 60, opening: 0 }, 1],
    [
      'what is left between two ends',
      { stockoutMinutes: 16 * 60, opening: 0, closing: -2 },
      0.75 - (8 - 7) / 12,
    ],
    ['by the clock where nobody knows when', { stockoutMinutes: 720 }, 0.5],
  ])('is %s', (_, change, share) => {
    expect(servedShare({ ...shelf, ...change }, SHARES)).toBeCloseTo(share, 9)
  })
})

describe('missed sales', () => {
  test('are the rate of the days missed, unsure by chance and by the rate', () => {
    const missed = missedSales({ missedDays: 4, rate: 2.5, dispersion: 2, memoryDays: 20 })
    expect(missed.units).toBe(10)
    // 2 × 10 by chance, 16 × 2 × 2.5 / 20 by the rate.
    expect(missed.spread).toBeCloseTo(Math.sqrt(20 + 4), 12)
  })

  test('are none where nothing was missed, or nothing sells', () => {
    const nothing = { units: 0, spread: 0 }
    expect(missedSales({ missedDays: 0, rate: 3, dispersion: 1, memoryDays: 9 })).toEqual(nothing)
    expect(missedSales({ missedDays: 3, rate: 0, dispersion: 1, memoryDays: 9 })).toEqual(nothing)
  })
})

describe('what is written anew', () => {
  const week = { unitsByWeekday: [5, 5, 5, 5, 5, 5, 5], spread: 3 }

  test('is a forecast that differs by more than days do anyway', () => {
    expect(isOtherForecast(week, { ...week, unitsByWeekday: [5.2, 5, 5, 5, 5, 5, 4.8] })).toBe(false)
    expect(isOtherForecast(week, { ...week, unitsByWeekday: [5, 5, 5, 5, 5, 5.5, 5] })).toBe(true)
    expect(isOtherForecast(week, { ...week, spread: 3.5 })).toBe(true)
    expect(isOtherForecast(week, week)).toBe(false)
  })

  test('is a policy that differs by more than a unit and a tenth', () => {
    const stood = { reorderPoint: 40, orderUpTo: 100 }
    const policy = (reorderPoint: number, orderUpTo = 100) => ({ reorderPoint, orderUpTo, safetyStock: 5 })
    expect(isOtherPolicy(stood, policy(43))).toBe(false)
    expect(isOtherPolicy(stood, policy(46))).toBe(true)
    expect(isOtherPolicy(stood, policy(40, 120))).toBe(true)
    expect(isOtherPolicy({ reorderPoint: 1, orderUpTo: 3 }, policy(2, 4))).toBe(false)
    expect(isOtherPolicy({ reorderPoint: 40, orderUpTo: null }, policy(40))).toBe(true)
  })
})
