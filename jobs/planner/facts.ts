import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { Fingerprinted, ReportEntry } from '#domain/reports.ts'
import type { StoreVersion } from '#domain/store.ts'

/*
 * Invariant: nothing is ever marked dirty, so nothing is ever lost by a race. What should run is what should exist by
 * the log and the calendars, less what stands in the ledger having read it all; it is worked out anew each time, from
 * one moment's facts, by pure functions. Asked after all of it has run, the planner answers: nothing.
 *
 *   log ──follow──> day_head, till_head ──┐                        ┌─> plan: slots to run now, in order
 *                                         ├─ load ─> facts ─ view ─┤
 *   ledger: standing runs, closed days ───┘    (store by store)    └─> verdicts: what is due, waiting, early ─> pages
 */

/** Everything a plan is decided from: one moment of the planner's view of the log and of the ledger. */
export interface PlannerFacts {
  /** How far the planner has followed the log, by partition. Runs read the log up to here, nothing above. */
  basis: readonly Position[]
  references: Readonly<Record<Fingerprinted, string>>
  stores: readonly StoreFacts[]
  /** Stores with events but without a row in ref.stores: nothing can be said of their days. */
  unknownStores: readonly string[]
}

export interface StoreFacts {
  store: string
  partition: number
  /** What it was from when on, oldest first. */
  versions: readonly StoreVersion[]
  /** Whole months whose periods are to be judged; facts reach beyond them as far as judging needs. */
  scope: { from: BusinessDay; to: BusinessDay }
  /** By business day, oldest first. */
  heads: ReadonlyMap<BusinessDay, DayHead>
  tillReports: readonly TillReport[]
  /** The day of its first receipt or count: before it, stock is unknown; null: so it is still. */
  stockKnownFrom: BusinessDay | null
  /** Days that were converted by other exchange rates than hold now, and what changed, for people. */
  rateChanges: ReadonlyMap<BusinessDay, string>
  /** By `slotKey`: periods computed by what the store was said to be before a change. */
  storeChanges: ReadonlySet<string>
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
  /** Documents and Z reports of the day that came in files. */
  bulkEvents: number
  /** Orders, voids and returns. */
  documents: number
  /** UTC days on which they were appended, oldest first. */
  appendDays: readonly string[]
}

/** How a run may close the day it computes: not at all, with everything in, or without. */
export type DayClosing = 'complete' | 'incomplete' | null

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

/** The period of a `slotKey` of a job, or none when it is another's. */
export function dayOfSlot(job: string, key: string): BusinessDay[] {
  return key.startsWith(`${job} `) ? [key.slice(job.length + 1)] : []
}

/** A (job, store, period) that should run, with what the run has to know. */
export interface Slot {
  job: string
  store: string
  partition: number
  period: BusinessDay
  /** The business days the run covers, oldest first. */
  days: readonly SlotDay[]
  /** Events of those days in the log: the size of the work. */
  events: number
  /** UTC days on which what the run reads of the log was appended. */
  appendDays: readonly string[]
  /** The run that stood when this was planned: another one since, and the slot is settled. */
  previousRunId: number | null
  /** Why it runs, for the ledger. */
  reason: string
  /** Whether the run publishes the day; only daily_sales does. */
  closes: DayClosing
}

interface SlotDay {
  businessDay: BusinessDay
  /** Half-open span of the business day. */
  startsAt: Instant
  endsAt: Instant
  /** Where a chained report takes its opening from; null at the start of the chain. */
  previousDay: BusinessDay | null
}

/** What the planner has to know of a report. */
export type ReportRule = ReportEntry & {
  /** Raised with every change of code that may change a figure: all its periods run again. */
  version: string
}

/** Checksums of what a run was computed from, by report (or reference) and period. */
export type Inputs = Readonly<Record<string, Readonly<Record<string, string>>>>
