import { describe, expect, test } from 'vitest'
import { HOUR_MS } from '#domain/instant.ts'
import { demandClock, hoursUntil, placeInWeek, unitsWithin } from './demand-clock.ts'
import { normalCdf } from './quantiles.ts'
import { projectStockout, stockoutRisk } from './stockout.ts'

/** A Monday. */
const MONDAY = Date.parse('2026-11-23T00:00:00Z')
const WEEK = [1, 2, 3, 4, 5, 12, 0] as const
const PER_WEEK = 27

const clock = demandClock({ unitsByWeekday: WEEK, spread: 0 })

describe('demand by the clock', () => {
  test('a day sells its units within its hours, a week its sum, wherever one begins', () => {
    expect(unitsWithin(clock, 0, 24)).toBeCloseTo(1, 12)
    expect(unitsWithin(clock, 24 + 15, 6)).toBeCloseTo(1, 12)
    for (const place of [0, 10.5, 100, 167.9]) {
      expect(unitsWithin(clock, place, 168 * 3)).toBeCloseTo(3 * PER_WEEK, 9)
    }
  })

  test('hours until and units within are each other turned round', () => {
    for (const place of [0, 9.25, 60, 143.9, 150]) {
      for (const units of [0.01, 1, 5.5, 27, 26.999, 80]) {
        const hours = hoursUntil(clock, place, units)
        expect(unitsWithin(clock, place, hours)).toBeCloseTo(units, 8)
        // And not a moment too late: an hour without demand before the end does not count.
        expect(unitsWithin(clock, place, hours - 0.01)).toBeLessThan(units)
      }
    }
  })

  test('hours before the cut-over belong to the business day before; the habits of a store say when it sells', () => {
    // All orders between one and two at night.
    const ordersByHour = Array.from({ length: 168 }, (_, hour) => (hour % 24 === 1 ? 10 : 0))
    const night = demandClock({ unitsByWeekday: WEEK, spread: 0 }, { ordersByHour, cutOverHour: 4 })
    // Saturday's business day, on Sunday's clock.
    expect(unitsWithin(night, 6 * 24, 24)).toBeCloseTo(12, 12)
    expect(unitsWithin(night, 6 * 24 + 1, 1)).toBeCloseTo(12, 12)
    // Sunday's, of which there is nothing, on Monday's.
    expect(unitsWithin(night, 0, 24)).toBeCloseTo(0, 12)
  })

  test('the place in the week is that of the clocks', () => {
    expect(placeInWeek(MONDAY + 36 * HOUR_MS + HOUR_MS / 2, 0)).toBeCloseTo(36.5, 12)
    expect(placeInWeek(MONDAY - HOUR_MS, 2 * HOUR_MS)).toBeCloseTo(1, 12)
    expect(placeInWeek(MONDAY, -5 * HOUR_MS)).toBeCloseTo(163, 12)
  })
})

describe('when a shelf runs out', () => {
  const project = (onHand: number, spread: number) =>
    projectStockout(demandClock({ unitsByWeekday: WEEK, spread }), { at: MONDAY, from: 0, onHand })

  test('by hand: three units are gone when Tuesday closes', () => {
    expect(project(3, 0)).toEqual({
      at: Date.parse('2026-11-24T21:00:00Z'),
      early: Date.parse('2026-11-24T21:00:00Z'),
      late: Date.parse('2026-11-24T21:00:00Z'),
    })
  })

  test('is now where nothing is there, and never where nothing sells', () => {
    expect(project(0, 1)).toEqual({ at: MONDAY, early: MONDAY, late: MONDAY })
    expect(project(-2, 1).at).toBe(MONDAY)
    const idle = demandClock({ unitsByWeekday: [0, 0, 0, 0, 0, 0, 0], spread: 0 })
    expect(projectStockout(idle, { at: MONDAY, from: 0, onHand: 1 })).toEqual({
      at: null,
      early: null,
      late: null,
    })
  })

  test('further ahead than half a year it is not said', () => {
    expect(project(PER_WEEK * 26, 0).at).not.toBe(null)
    expect(project(PER_WEEK * 26 + 2, 0).at).toBe(null)
  })

  test('its range is that of nine cases in ten on either side: demand was drawn, and counted', () => {
    const spread = 3
    const { at, early, late } = project(40, spread)
    if (at === null || early === null || late === null) throw new Error('it runs out')
    expect(early).toBeLessThan(at)
    expect(late).toBeGreaterThan(at)
    // The risk that it is empty by then, by the same distribution.
    const riskAt = (instant: number) =>
      stockoutRisk(
        demandClock({ unitsByWeekday: WEEK, spread }),
        { from: 0, hours: (instant - MONDAY) / HOUR_MS, onHand: 40 },
        normalCdf,
      )
    expect(riskAt(early)).toBeCloseTo(0.1, 3)
    expect(riskAt(at)).toBeCloseTo(0.5, 3)
    expect(riskAt(late)).toBeCloseTo(0.9, 3)
  })

  test('more spread makes the range wider and leaves the middle', () => {
    const [narrow, wide] = [project(30, 2), project(30, 6)]
    expect(wide.at).toBe(narrow.at)
    expect(wide.early).toBeLessThan(narrow.early ?? 0)
    expect(wide.late).toBeGreaterThan(narrow.late ?? 0)
  })
})
