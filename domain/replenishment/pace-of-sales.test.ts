import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { demandClock, unitsWithin } from './demand-clock.ts'
import {
  hoursInRush,
  NO_SALES_PACE,
  RUSH_HOURS,
  rushFactor,
  type SalesPace,
  unitsInRush,
  withSale,
} from './pace-of-sales.ts'

const MONDAY_NOON = Date.UTC(2026, 2, 2, 12)
/** 12 units a day between nine and nine: one an hour. */
const CLOCK = demandClock({ unitsByWeekday: [12, 12, 12, 12, 12, 12, 12], spread: 4 })
const NOON = 12

function paceOf(sales: readonly (readonly [minutes: number, units: number])[]): SalesPace {
  return sales.reduce<SalesPace>(
    (pace, [minutes, units]) => withSale(pace, MONDAY_NOON + minutes * MINUTE_MS, units),
    NO_SALES_PACE,
  )
}

describe('the pace of sales', () => {
  test('counts a unit half as much after an hour, and is the same in any order of arrival', () => {
    expect(paceOf([[0, 8]])).toEqual({ newest: MONDAY_NOON, units: 8 })
    expect(
      paceOf([
        [0, 8],
        [60, 1],
      ]).units,
    ).toBeCloseTo(5)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -2, max: 9 })), {
          minLength: 1,
        }),
        sales => {
          const [one, other] = [paceOf(sales), paceOf(sales.toReversed())]
          expect(one.newest).toBe(other.newest)
          expect(one.units).toBeCloseTo(other.units, 6)
        },
      ),
    )
  })

  test('a sale that is voided counts no more', () => {
    expect(
      paceOf([
        [0, 8],
        [1, 2],
        [1, -2],
      ]).units,
    ).toBeCloseTo(8 * 2 ** (-1 / 60))
  })
})

describe('a rush', () => {
  const rushOf = (pace: SalesPace, hours = 0) =>
    rushFactor(CLOCK, pace, { at: MONDAY_NOON + hours * HOUR_MS, place: NOON + hours })

  test('is the posterior mean of a Gamma prior: (k + sold) / (k + expected)', () => {
    // One unit an hour since nine: the integral of 2^(-t) over three hours is (1 − 1/8) / ln 2.
    const expected = (1 - 1 / 8) / Math.LN2
    expect(rushOf(paceOf([[0, 30]]))).toBeCloseTo((2 + 30) / (2 + expected), 9)
    expect(rushOf(paceOf([[0, 30]]), 1)).toBeCloseTo((2 + 15) / (2 + (1 - 1 / 16) / Math.LN2), 9)
  })

  test('is over after some hours, and an hour without sales slows nothing down', () => {
    expect(rushOf(paceOf([[0, 30]]), 8)).toBe(1)
    expect(rushOf(NO_SALES_PACE)).toBe(1)
    expect(rushOf(paceOf([[0, -3]]))).toBe(1)
  })

  test('looks back over the beginning of a week', () => {
    const allDay = demandClock(
      { unitsByWeekday: [24, 24, 24, 24, 24, 24, 24], spread: 4 },
      { ordersByHour: Array.from({ length: 168 }, () => 1) },
    )
    const midnight = rushFactor(allDay, { newest: MONDAY_NOON, units: 10 }, { at: MONDAY_NOON, place: 0 })
    const noon = rushFactor(allDay, { newest: MONDAY_NOON, units: 10 }, { at: MONDAY_NOON, place: 60 })
    expect(midnight).toBeCloseTo(noon, 9)
  })

  test('speeds the next hour and a half up, and what is sold until then is what is asked for', () => {
    expect(unitsInRush(CLOCK, NOON, 1, 5)).toBeCloseTo(5)
    expect(unitsInRush(CLOCK, NOON, 24, 5)).toBeCloseTo(12 + 4 * RUSH_HOURS)
    expect(unitsInRush(CLOCK, NOON, 24, 1)).toBe(unitsWithin(CLOCK, NOON, 24))
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 20, noNaN: true }),
        fc.double({ min: 0.1, max: 200, noNaN: true }),
        fc.double({ min: 0, max: 167.9, noNaN: true }),
        (rush, units, place) => {
          const hours = hoursInRush(CLOCK, place, units, rush)
          expect(unitsInRush(CLOCK, place, hours, rush)).toBeCloseTo(units, 5)
        },
      ),
    )
  })
})
