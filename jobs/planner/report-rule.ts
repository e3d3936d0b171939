import type { Grain } from './period.ts'

/** What of the log a report reads itself: new entries there make its periods dirty. */
export type LogPart = 'events' | 'till-reports'

/**
 * Which business days of a store a report covers.
 * - with-events: days on which the log has anything
 * - carried: those, and the days between them, because stock is there also when nobody sells
 * - expected: days with events or Z reports, and days whose journal should have come
 */
export type CoveredDays = 'with-events' | 'carried' | 'expected'

/** Reference data whose change makes a report dirty, by the name of its fingerprint. */
export type ReferenceName = 'categories'

/** What the planner has to know of a report. Names are those of the views. */
export interface ReportRule {
  name: string
  /** Raised with every change of code that may change a figure: all its periods run again. */
  version: string
  grain: Grain
  /** every-tick: also while the day goes on. day-ended: once the cut-over has passed, and by hand for any day. */
  cadence: 'every-tick' | 'day-ended'
  days: CoveredDays
  reads: readonly LogPart[]
  /** Reports it is computed from: it waits for them, and runs again when a checksum of theirs changed. */
  inputs: readonly string[]
  references: readonly ReferenceName[]
  /** A day begins where the day before ended: its input is its own report of the day before. */
  isChained: boolean
  /** Its first run after a day's end publishes the day. */
  isPublishing: boolean
}

/** Checksums of what a run was computed from, by report (or reference) and period. */
export type Inputs = Readonly<Record<string, Readonly<Record<string, string>>>>
