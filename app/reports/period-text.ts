import { daysInRange, formatDay, formatDayRange, formatShortDay } from '#app/format/day.ts'
import type { Report } from '#app/trpc/router-outputs.ts'
import type { Grain } from '#domain/calendar.ts'
import { addDays } from '#domain/calendar.ts'
import type { Comparison } from '#domain/report-views.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A period in a table: `Fri 20 Nov 2026`, `16–22 Nov 2026`, `Nov 2026`. */
export function periodText(period: string, grain: Grain): string {
  if (grain === 'day') return formatDay(period)
  if (grain === 'week') return formatDayRange(period, addDays(period, 6))
  return `${monthName(period)} ${period.slice(0, 4)}`
}

/** A period under an axis: `20 Nov`, `Nov 26`. */
export function shortPeriodText(period: string, grain: Grain): string {
  return grain === 'month' ? `${monthName(period)} ${period.slice(2, 4)}` : formatShortDay(period)
}

/** What the figures are held against, in a few words for a column: `4 weeks earlier`. */
export const COMPARISON_NAMES: Record<Comparison, string> = {
  none: 'No comparison',
  before: 'Period before',
  'four-weeks': '4 weeks earlier',
  year: 'A year earlier',
}

/** The same within a sentence. */
export const COMPARISON_PHRASES: Record<Comparison, string> = {
  none: '',
  before: 'the period before',
  'four-weeks': '4 weeks earlier',
  year: 'a year earlier',
}

/** Whether there is anything to hold the figures against. */
export function hasComparison({ comparedBasis }: Pick<Report, 'comparedBasis'>): boolean {
  return comparedBasis !== null && comparedBasis.runs > 0
}

/** What the figures are held against, exactly: `27 Sep – 24 Oct 2026, the 28 days before`. */
export function comparedText({ compared, comparison, grain, range }: Report): string | null {
  if (!compared) return null
  return `${formatDayRange(compared.from, compared.to)}, ${manner(comparison, grain, daysInRange(range.from, range.to))}`
}

function manner(comparison: Comparison, grain: Grain, days: number): string {
  if (comparison === 'year') {
    return grain === 'month' ? 'the same months a year earlier' : 'the same weekdays 52 weeks earlier'
  }
  if (comparison === 'four-weeks') return 'the same weekdays 4 weeks earlier'
  if (grain === 'month') return 'as many months before'
  return days === 1 ? 'the day before' : `the ${days} days before`
}

const PERIODS: Record<Grain, string> = {
  day: 'Business days',
  week: 'Whole weeks, Monday to Sunday,',
  month: 'Whole months',
}

/** The range of a report, and that both its ends are in it. */
export function rangeText({ range, grain }: Pick<Report, 'range' | 'grain'>): string {
  if (range.from === range.to) return `Business day ${formatDay(range.from)}`
  return `${PERIODS[grain]} ${formatDayRange(range.from, range.to)}, first and last included`
}

function monthName(month: string): string {
  return MONTHS[Number(month.slice(5, 7)) - 1] ?? ''
}
