import type { Grain } from '#domain/calendar.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Comparison } from '#domain/report-views.ts'

/** Business days, both ends included. */
export interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

/** The day a period begins on: the day itself, its Monday, or the first of its month. */
export function periodOf(day: BusinessDay, grain: Grain): BusinessDay {
  switch (grain) {
    case 'day':
      return day
    case 'week':
      return addDays(day, -((weekday(day) + 6) % 7))
    case 'month':
      return `${day.slice(0, 7)}-01`
  }
}

/** The last day of a period. @param period the day it begins on */
export function lastDayOf(period: BusinessDay, grain: Grain): BusinessDay {
  return addDays(nextPeriod(period, grain), -1)
}

/** Weeks and months are whole: a range is widened to those it touches. */
export function wholePeriods({ from, to }: DayRange, grain: Grain): DayRange {
  return { from: periodOf(from, grain), to: lastDayOf(periodOf(to, grain), grain) }
}

/** The periods of a range of whole periods, oldest first. */
export function periodsIn({ from, to }: DayRange, grain: Grain): BusinessDay[] {
  const periods: BusinessDay[] = []
  for (let period = periodOf(from, grain); period <= to; period = nextPeriod(period, grain)) {
    periods.push(period)
  }
  return periods
}

/**
 * The range that figures are held against. It has as many periods, so that the first stands beside the first.
 * `before` ends the day before; `four-weeks` and `year` (52 weeks) keep the weekdays; months keep the months.
 * @param range of whole periods
 * @returns null where there is none: without comparison, and for four weeks of months
 */
export function comparedRange(range: DayRange, grain: Grain, comparison: Comparison): DayRange | null {
  if (comparison === 'none') return null
  if (grain === 'month') return comparedMonths(range, comparison)
  const days = daysIn(range)
  const back = comparison === 'before' ? days : comparison === 'year' ? 364 : 28
  return { from: addDays(range.from, -back), to: addDays(range.to, -back) }
}

function comparedMonths(range: DayRange, comparison: Comparison): DayRange | null {
  if (comparison === 'four-weeks') return null
  const back = comparison === 'year' ? 12 : periodsIn(range, 'month').length
  const last = addMonths(periodOf(range.to, 'month'), -back)
  return { from: addMonths(range.from, -back), to: lastDayOf(last, 'month') }
}

export function daysIn({ from, to }: DayRange): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1
}

function nextPeriod(period: BusinessDay, grain: Grain): BusinessDay {
  if (grain === 'month') return addMonths(period, 1)
  return addDays(period, grain === 'week' ? 7 : 1)
}

/** @param month its first day */
function addMonths(month: BusinessDay, months: number): BusinessDay {
  const date = new Date(`${month}T00:00:00Z`)
  date.setUTCMonth(date.getUTCMonth() + months)
  return date.toISOString().slice(0, 10)
}

/** 0 for Sunday. */
function weekday(day: BusinessDay): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay()
}
