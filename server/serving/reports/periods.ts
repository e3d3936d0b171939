import { addDays, type BusinessDay, dayCount, type Grain, lastDayOf, periodOf } from '#domain/calendar.ts'
import type { Comparison } from '#domain/report-views.ts'

/** Business days, both ends included. */
export interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

/** Weeks and months are whole: a range is widened to those it touches. */
export function wholePeriods({ from, to }: DayRange, grain: Grain): DayRange {
  return { from: periodOf(grain, from), to: lastDayOf(grain, periodOf(grain, to)) }
}

/** The periods of a range of whole periods, oldest first. */
export function periodsIn({ from, to }: DayRange, grain: Grain): BusinessDay[] {
  const periods: BusinessDay[] = []
  for (let period = periodOf(grain, from); period <= to; period = addDays(lastDayOf(grain, period), 1)) {
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
  const last = addMonths(periodOf('month', range.to), -back)
  return { from: addMonths(range.from, -back), to: lastDayOf('month', last) }
}

export function daysIn({ from, to }: DayRange): number {
  return dayCount(from, to) + 1
}

/** @param month its first day */
function addMonths(month: BusinessDay, months: number): BusinessDay {
  const date = new Date(`${month}T00:00:00Z`)
  date.setUTCMonth(date.getUTCMonth() + months)
  return date.toISOString().slice(0, 10)
}
