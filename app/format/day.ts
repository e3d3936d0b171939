import { dayCount, type Grain, lastDayOf } from '#domain/calendar.ts'

// By hand, not by Intl: the server's and each browser's locale data differ in spaces, commas and `Sept`,
// and a page must read the same in both or React renders it twice.
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A day for a heading: `Fri 20 Nov 2026`. @param day 'YYYY-MM-DD' */
export function formatDay(day: string): string {
  const { weekday, date, month, year } = partsOf(day)
  return `${weekday} ${date} ${month} ${year}`
}

/** A day without its weekday: `20 Nov 2026`. @param day 'YYYY-MM-DD' */
export function formatDate(day: string): string {
  const { date, month, year } = partsOf(day)
  return `${date} ${month} ${year}`
}

/** A day for an axis: `20 Nov`. @param day 'YYYY-MM-DD' */
export function formatShortDay(day: string): string {
  const { date, month } = partsOf(day)
  return `${date} ${month}`
}

/** A month: `Nov 2026`. @param month any of its days */
export function formatMonth(month: string): string {
  const { month: name, year } = partsOf(month)
  return `${name} ${year}`
}

/** A period by its first day: `Fri 20 Nov 2026`, `16–22 Nov 2026`, `Nov 2026`. */
export function formatPeriod(period: string, grain: Grain): string {
  if (grain === 'day') return formatDay(period)
  return grain === 'week' ? formatDayRange(period, lastDayOf('week', period)) : formatMonth(period)
}

/** The same under an axis: `20 Nov`, `Nov 26`. */
export function formatShortPeriod(period: string, grain: Grain): string {
  if (grain !== 'month') return formatShortDay(period)
  const { month, year } = partsOf(period)
  return `${month} ${String(year).slice(2)}`
}

/** A range, both ends included, as short as it can be: `1–20 Dec 2010`, `28 Nov – 3 Dec 2010`. */
export function formatDayRange(from: string, to: string): string {
  if (from === to) return formatDay(from)
  const start = partsOf(from)
  const end = partsOf(to)
  if (start.year !== end.year) {
    return `${start.date} ${start.month} ${start.year} – ${end.date} ${end.month} ${end.year}`
  }
  if (start.month !== end.month) {
    return `${start.date} ${start.month} – ${end.date} ${end.month} ${end.year}`
  }
  return `${start.date}–${end.date} ${end.month} ${end.year}`
}

/** How many calendar days a range has, both ends counted. */
export function daysInRange(from: string, to: string): number {
  return dayCount(from, to) + 1
}

/** A calendar's date, which is the local midnight of a day, as 'YYYY-MM-DD'. */
export function dayOfLocalDate(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, '0')
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, '0')}`
}

/** The local midnight of a day, for a calendar. @param day 'YYYY-MM-DD' */
export function localDateOfDay(day: string): Date {
  const date = new Date(startOf(day))
  return new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
}

function partsOf(day: string) {
  const date = new Date(startOf(day))
  return {
    weekday: WEEKDAYS[date.getUTCDay()] ?? '',
    date: date.getUTCDate(),
    month: MONTHS[date.getUTCMonth()] ?? '',
    year: date.getUTCFullYear(),
  }
}

function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`)
}
