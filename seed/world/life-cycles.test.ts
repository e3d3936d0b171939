import { describe, expect, test } from 'vitest'
import { addDays } from '#domain/calendar.ts'
import { isKept, isSold, keepingOf, type LifeCycle, lifeOf } from './life-cycles.ts'

// 1970-01-01 and 200 whole weeks of 52 after it come on the same day of such a year.
const COMES = addDays('1970-01-01', 364 * 56 + 100)
const CYCLE: LifeCycle = { comes: 100, keptDays: 200 }
const on = (days: number) => lifeOf(CYCLE, addDays(COMES, days))

describe('the life of an edition', () => {
  test('begins small, is known after six weeks, and sells until it is not ordered any more', () => {
    expect(on(0)).toEqual({ stage: 'new', demand: 0.3 })
    expect(on(21).demand).toBeCloseTo(0.65, 5)
    expect(on(42)).toEqual({ stage: 'established', demand: 1 })
    expect(on(199)).toEqual({ stage: 'established', demand: 1 })
  })

  test('ends with what is left: half as much each week, and never quite nothing', () => {
    expect(on(200)).toEqual({ stage: 'running out', demand: 0.35 })
    expect(on(207).demand).toBeCloseTo(0.175, 5)
    expect(on(242)).toEqual({ stage: 'gone', demand: 0.03 })
  })

  test('is on the shelves before the next one comes, a year of whole weeks later', () => {
    expect(on(352).stage).toBe('gone')
    expect(on(353).stage).toBe('coming')
    expect(on(364)).toEqual(on(0))
  })

  test('tells shops when to order it, and when an empty shelf is a loss', () => {
    const days = [-1, 0, 199, 200, 300].map(days => addDays(COMES, days))
    expect(days.map(day => isKept(CYCLE, day))).toEqual([true, true, true, false, false])
    expect(days.map(day => isSold(CYCLE, day))).toEqual([false, true, true, false, false])
    expect(keepingOf(CYCLE, { from: COMES, to: addDays(COMES, 363) })).toEqual([
      { from: COMES, isKept: true },
      { from: addDays(COMES, 200), isKept: false },
      { from: addDays(COMES, 353), isKept: true },
    ])
  })

  test('core goods have none: they are there all year', () => {
    expect(lifeOf(null, COMES)).toEqual({ stage: 'core', demand: 1 })
    expect(isSold(null, COMES)).toBe(true)
  })
})
