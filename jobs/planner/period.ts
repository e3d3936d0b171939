import { addDays, type BusinessDay } from '#domain/business-day.ts'

/** What a run covers: one business day, a week from Monday, or a calendar month of business days. */
export type Grain = 'day' | 'week' | 'month'

/** The period a business day lies in, named by its first day. */
export function periodOf(grain: Grain, day: BusinessDay): BusinessDay {
  switch (grain) {
    case 'day':
      return day
    case 'week': {
      // Sunday is 0: six days after its Monday.
      const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
      return addDays(day, -((weekday + 6) % 7))
    }
    case 'month':
      return `${day.slice(0, 7)}-01`
  }
}

/** The last day of a period, itself included. */
export function lastDayOf(grain: Grain, period: BusinessDay): BusinessDay {
  switch (grain) {
    case 'day':
      return period
    case 'week':
      return addDays(period, 6)
    case 'month':
      // 31 days after the first of a month lies in the next month, whatever its length.
      return addDays(periodOf('month', addDays(period, 31)), -1)
  }
}

/** All days from one to another, both included; none when `to` is before `from`. */
export function daysBetween(from: BusinessDay, to: BusinessDay): BusinessDay[] {
  const days: BusinessDay[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

/** Whole days from one date to another; negative when `to` is before `from`. */
export function dayCount(from: BusinessDay, to: BusinessDay): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000
}
