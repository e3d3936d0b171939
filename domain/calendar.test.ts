import { describe, expect, test } from 'vitest'
import { dayCount, daysBetween, lastDayOf, periodOf } from './calendar.ts'

describe('a period', () => {
  test.each([
    ['2026-11-16', '2026-11-16'],
    ['2026-11-22', '2026-11-16'],
    ['2026-11-23', '2026-11-23'],
    ['2026-01-01', '2025-12-29'],
  ])('of a week begins on Monday: %s lies in the week of %s', (day, monday) => {
    expect(periodOf('week', day)).toBe(monday)
    expect(lastDayOf('week', monday) >= day).toBe(true)
  })

  test.each([
    ['2026-02-15', '2026-02-01', '2026-02-28'],
    ['2028-02-29', '2028-02-01', '2028-02-29'],
    ['2026-12-31', '2026-12-01', '2026-12-31'],
  ])('of a month is its calendar days: %s', (day, first, last) => {
    expect(periodOf('month', day)).toBe(first)
    expect(lastDayOf('month', first)).toBe(last)
  })

  test('of a day is the day itself', () => {
    expect(periodOf('day', '2026-11-20')).toBe('2026-11-20')
    expect(lastDayOf('day', '2026-11-20')).toBe('2026-11-20')
  })
})

describe('a range of days', () => {
  test('holds both ends, also across a clock change', () => {
    expect(daysBetween('2026-10-24', '2026-10-26')).toEqual(['2026-10-24', '2026-10-25', '2026-10-26'])
  })

  test('is empty when it ends before it begins', () => {
    expect(daysBetween('2026-10-24', '2026-10-23')).toEqual([])
  })

  test('counts days in both directions', () => {
    expect(dayCount('2026-02-27', '2026-03-01')).toBe(2)
    expect(dayCount('2026-03-01', '2026-02-27')).toBe(-2)
  })
})
