import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { DayClosing } from './day-closing.ts'

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

export interface SlotDay {
  businessDay: BusinessDay
  /** Half-open span of the business day. */
  startsAt: Instant
  endsAt: Instant
  /** Where a chained report takes its opening from; null at the start of the chain. */
  previousDay: BusinessDay | null
}
