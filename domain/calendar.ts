// Without a time zone in it, and so without Temporal: pages in a browser use this without loading that.
import { DAY_MS } from './instant.ts'

/** 'YYYY-MM-DD': the day a store books a sale on. */
export type BusinessDay = string

/** Business days from one to another, both included. */
export interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

/** What figures are told by: a business day, a week from Monday, or a calendar month of business days. */
export const GRAINS = ['day', 'week', 'month'] as const
export type Grain = (typeof GRAINS)[number]

/** The column of a period, named after its grain, in tables and views. */
export const PERIOD_COLUMNS = { day: 'business_day', week: 'week', month: 'month' } as const

/** The days that may be business days: beyond them it is a slip or a fault, and no database or calendar need know it. */
export const FIRST_BUSINESS_DAY: BusinessDay = '1900-01-01'
export const LAST_BUSINESS_DAY: BusinessDay = '2199-12-31'

/** What a text must be that `isBusinessDay` takes, as a sentence ends. */
export const BUSINESS_DAY_RULE = `a date YYYY-MM-DD that exists, between ${FIRST_BUSINESS_DAY} and ${LAST_BUSINESS_DAY}`

/** Whether a text is a calendar date 'YYYY-MM-DD' that exists, of the years 1900 to 2199. */
export function isBusinessDay(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    text >= FIRST_BUSINESS_DAY &&
    text <= LAST_BUSINESS_DAY &&
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    addDays(text, 0) === text
  )
}

/** Calendar arithmetic on 'YYYY-MM-DD'. */
export function addDays(day: BusinessDay, days: number): BusinessDay {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** All days from one to another, both included; none when `to` is before `from`. */
export function daysBetween(from: BusinessDay, to: BusinessDay): BusinessDay[] {
  const days: BusinessDay[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

/** Whole days from one date to another; negative when `to` is before `from`. */
export function dayCount(from: BusinessDay, to: BusinessDay): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS
}

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
