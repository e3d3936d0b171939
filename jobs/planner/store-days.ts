import { addDays, type BusinessDay, dayCount, daysBetween } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { CoveredDays } from '#domain/reports.ts'
import type { DayClosing, StoreFacts, TillReport } from './facts.ts'

/**
 * Stock is carried over days without any event, but not for ever: one event with a broken clock, decades
 * ago, must not make a row for every day since.
 */
export const MAX_CARRIED_DAYS = 92

/** A journal is expected on a weekday that had one within this many weeks. */
const JOURNAL_HABIT_WEEKS = 4

/** Of a store whose journals go back less than a week no weekday tells: one is expected after a day that had one. */
const WEEK_DAYS = 7

type Days = Pick<StoreFacts, 'heads' | 'tillReports' | 'stockKnownFrom' | 'input' | 'scope'>

/** The business days of a store that a report covers, oldest first, as far as the facts reach. */
export function coveredDays(kind: CoveredDays, facts: Days): BusinessDay[] {
  const withEvents = [...facts.heads.keys()]
  switch (kind) {
    case 'with-events':
      return withEvents
    case 'carried':
      return daysOfStock(withEvents, facts.stockKnownFrom)
    case 'expected': {
      const reported = facts.tillReports.map(report => report.businessDay)
      return [...new Set([...withEvents, ...reported, ...missingJournalDays(facts)])].sort()
    }
  }
}

/** Of stock that is not known there is nothing to say, however long its store has been selling. */
function daysOfStock(withEvents: readonly BusinessDay[], knownFrom: BusinessDay | null): BusinessDay[] {
  if (knownFrom === null) return []
  const days = withEvents.filter(day => day >= knownFrom)
  return days.flatMap((day, index) => {
    const next = days[index + 1]
    if (next === undefined) return [day]
    const last = addDays(day, Math.min(dayCount(day, next) - 1, MAX_CARRIED_DAYS))
    return daysBetween(day, last)
  })
}

/** Days in scope on which a journal store has sent nothing, though it used to on that weekday. */
function missingJournalDays({ input, heads, scope }: Days): BusinessDay[] {
  if (input !== 'journal') return []
  const hasJournal = (day: BusinessDay) => (heads.get(day)?.bulkEvents ?? 0) > 0
  const first = [...heads.keys()].find(hasJournal)
  if (first === undefined) return []
  const isYoung = ([...heads.keys()].findLast(hasJournal) ?? first) < addDays(first, WEEK_DAYS)
  const days = daysBetween(scope.from, scope.to).filter(day => !heads.has(day) && day > first)
  return days.filter(day => {
    for (let weeks = 1; weeks <= JOURNAL_HABIT_WEEKS; weeks += 1) {
      if (hasJournal(addDays(day, -WEEK_DAYS * weeks))) return true
    }
    return isYoung && hasJournal(addDays(day, -1))
  })
}

/** A day is published this long after its end, also when Z reports or the journal are missing. */
const MAX_WAIT_FOR_TILLS_MS = 6 * HOUR_MS

/** A register is expected to report a day when it has reported one within this many days before. */
export const REGISTER_HABIT_DAYS = 7

/**
 * Whether the first run from `now` on publishes the day: after its end, once the store's tills have sent
 * their Z reports and a journal store its journal, or six hours later, marked incomplete.
 * @param endsAt end of the business day, exclusive
 */
export function dayClosing(day: {
  now: Instant
  endsAt: Instant
  missingRegisters: number
  isJournalMissing: boolean
}): DayClosing {
  if (day.now < day.endsAt) return null
  if (day.missingRegisters === 0 && !day.isJournalMissing) return 'complete'
  return day.now >= day.endsAt + MAX_WAIT_FOR_TILLS_MS ? 'incomplete' : null
}

/** Registers that used to report and have not reported this day. */
export function missingRegisters(reports: readonly TillReport[], day: BusinessDay): string[] {
  const since = addDays(day, -REGISTER_HABIT_DAYS)
  const expected = new Set<string>()
  const reported = new Set<string>()
  for (const { businessDay, register } of reports) {
    if (businessDay >= since && businessDay <= day) expected.add(register)
    if (businessDay === day) reported.add(register)
  }
  return [...expected].filter(register => !reported.has(register)).sort()
}

/** Whether a store that writes journals has none for a day yet. */
export function isJournalMissing(
  { input, heads }: Pick<StoreFacts, 'input' | 'heads'>,
  day: BusinessDay,
): boolean {
  return input === 'journal' && (heads.get(day)?.bulkEvents ?? 0) === 0
}
