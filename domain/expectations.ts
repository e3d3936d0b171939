import { addDays, type BusinessDay } from './calendar.ts'
import { DAY_MS, type Instant } from './instant.ts'
import { type StoreVersion, WEEKDAYS } from './store.ts'

/*
 * Which journals and Z reports a store-day expects: by what the store says of itself (opening days, opened, closed),
 * and where it does not say, by habit. SQL says the same in ref.trades_on, batch.expects_journal and the report of
 * completeness.
 */

/** A journal or Z report is expected on a weekday that had one within this many weeks. */
export const WEEKDAY_HABIT_WEEKS = 4

/** Of a store whose journals go back less than a week no weekday tells: one is expected after a day that had one. */
export const WEEK_DAYS = 7

/** A register is expected to report a day on which its store trades when it has reported one within this many days before. */
export const REGISTER_HABIT_DAYS = 7

/** What has not come so long after the end of its day is awaited no longer: it is missing. */
const AWAITED_MS = 28 * DAY_MS

/** Whether a store trades on a business day by what is known of it; null: its opening days are not known. */
export function tradesOn(
  { opened, closed, openingDays }: Pick<StoreVersion, 'opened' | 'closed' | 'openingDays'>,
  day: BusinessDay,
): boolean | null {
  if ((opened !== null && day < opened) || (closed !== null && day > closed)) return false
  if (openingDays === null) return null
  const weekday = WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % WEEK_DAYS]
  return weekday !== undefined && openingDays.includes(weekday)
}

/** What has come of a store's journals. */
export interface JournalHistory {
  hasJournal(day: BusinessDay): boolean
  /** Whether anything was sold, voided or returned. */
  hasDocuments(day: BusinessDay): boolean
  firstJournal: BusinessDay | null
  lastJournal: BusinessDay | null
  /** The last business day that a till has reported (Z). */
  lastTillReport: BusinessDay | null
}

/**
 * Whether a journal is expected of a day of which none has come. Where opening days are not known, a sale tells that came
 * another way, and weekdays do: goods that are counted on a closed Sunday do not. Of a young store, the day after a journal, until a till has reported a later one: then it was closed between.
 */
export function expectsJournal(
  version: Pick<StoreVersion, 'input' | 'opened' | 'closed' | 'openingDays'>,
  day: BusinessDay,
  history: JournalHistory,
): boolean {
  if (version.input !== 'journal') return false
  const trades = tradesOn(version, day)
  const { firstJournal, lastJournal, lastTillReport, hasJournal, hasDocuments } = history
  const hasBegun = (firstJournal !== null && day > firstJournal) || version.opened !== null
  if (trades !== null) return trades && hasBegun
  if (hasDocuments(day)) return true
  if (firstJournal === null || day <= firstJournal) return false
  for (let weeks = 1; weeks <= WEEKDAY_HABIT_WEEKS; weeks += 1) {
    if (hasJournal(addDays(day, -WEEK_DAYS * weeks))) return true
  }
  const isYoung = lastJournal !== null && lastJournal < addDays(firstJournal, WEEK_DAYS)
  const wasPassed = lastTillReport !== null && lastTillReport > day
  return isYoung && !wasPassed && hasJournal(addDays(day, -1))
}

/**
 * Whether registers are expected to report a day, those that report as a rule. Where opening days are not known, it is a
 * day with documents, or one whose weekday had a report within four weeks: goods that are counted on a closed Sunday, or
 * Saturday's report that is printed on it, open no till.
 */
export function expectsTillReports(
  version: Pick<StoreVersion, 'opened' | 'closed' | 'openingDays'>,
  day: BusinessDay,
  { hasDocuments, hasReport }: { hasDocuments: boolean; hasReport(day: BusinessDay): boolean },
): boolean {
  const trades = tradesOn(version, day)
  if (trades !== null) return trades
  if (hasDocuments) return true
  for (let weeks = 1; weeks <= WEEKDAY_HABIT_WEEKS; weeks += 1) {
    if (hasReport(addDays(day, -WEEK_DAYS * weeks))) return true
  }
  return false
}

/** Whether what a day lacks may still come. @param endsAt end of the business day, exclusive */
export function isAwaited(endsAt: Instant, now: Instant): boolean {
  return now < endsAt + AWAITED_MS
}
