// Without a time zone in it, and so without Temporal: pages in a browser use this without loading that.
import { DAY_MS } from './instant.ts'

/** 'YYYY-MM-DD': the day a store books a sale on. */
export type BusinessDay = string

/** Calendar arithmetic on 'YYYY-MM-DD'. */
export function addDays(day: BusinessDay, days: number): BusinessDay {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Whether a text is a calendar date 'YYYY-MM-DD' that exists. */
export function isBusinessDay(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
    addDays(text, 0) === text
  )
}
