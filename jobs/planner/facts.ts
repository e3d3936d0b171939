import type { BusinessDay, StoreCalendar } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { ReferenceName } from '#domain/reports.ts'
import type { Inputs } from './report-rule.ts'

/** Everything a plan is decided from: one moment of the planner's view of the log and of the ledger. */
export interface PlannerFacts {
  /** How far the planner has followed the log, by partition. Runs read the log up to here, nothing above. */
  basis: readonly Position[]
  references: Readonly<Record<ReferenceName, string>>
  stores: readonly StoreFacts[]
  /** Stores with events but without a row in ref.stores: nothing can be said of their days. */
  unknownStores: readonly string[]
}

export interface StoreFacts {
  store: string
  partition: number
  calendar: StoreCalendar
  input: 'live' | 'journal'
  /** Whole months whose periods are to be judged; facts reach beyond them as far as judging needs. */
  scope: { from: BusinessDay; to: BusinessDay }
  /** By business day, oldest first. */
  heads: ReadonlyMap<BusinessDay, DayHead>
  tillReports: readonly TillReport[]
  closedDays: ReadonlySet<BusinessDay>
  /** By `slotKey`: the run whose rows stand in the report. */
  runs: ReadonlyMap<string, CurrentRun>
  /** By `slotKey`: failures since the run that stands. */
  failures: ReadonlyMap<string, FailedAttempts>
}

/** What the log holds of a store's day. */
export interface DayHead {
  lastOffset: number
  events: number
  bulkEvents: number
  /** UTC days on which they were appended, oldest first. */
  appendDays: readonly string[]
}

/** A register has reported a business day (Z). */
export interface TillReport {
  businessDay: BusinessDay
  register: string
  lastOffset: number
  appendDays: readonly string[]
}

export interface CurrentRun {
  runId: number
  codeVersion: string
  rulesVersion: number
  throughOffset: number
  checksum: string
  inputs: Inputs
}

export interface FailedAttempts {
  codeVersion: string
  count: number
  lastAt: Instant
}

/** Names a (job, period) within a store's facts. */
export function slotKey(job: string, period: BusinessDay): string {
  return `${job} ${period}`
}
