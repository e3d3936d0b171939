import { businessDaySpan, versionOn } from '#domain/business-day.ts'
import { addDays, type BusinessDay, dayCount, daysBetween } from '#domain/calendar.ts'
import {
  expectsJournal,
  expectsTillReports,
  isAwaited,
  type JournalHistory,
  REGISTER_HABIT_DAYS,
  WEEK_DAYS,
  WEEKDAY_HABIT_WEEKS,
} from '#domain/expectations.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { CoveredDays } from '#domain/reports.ts'
import { type DayClosing, dayOfSlot, type StoreFacts } from './facts.ts'

/**
 * Stock is carried over days without any event, but not for ever: one event with a broken clock, decades
 * ago, must not make a row for every day since.
 */
export const MAX_CARRIED_DAYS = 92

type Days = Pick<
  StoreFacts,
  'heads' | 'tillReports' | 'stockKnownFrom' | 'versions' | 'scope' | 'storeChanges'
>

/** The business days of a store that a report covers at `now`, oldest first, as far as the facts reach. */
export function coveredDays(kind: CoveredDays, facts: Days, now: Instant): BusinessDay[] {
  const withEvents = [...facts.heads.keys()]
  switch (kind) {
    case 'with-events':
      return withEvents
    case 'carried':
      return daysOfStock(withEvents, facts.stockKnownFrom)
    case 'expected': {
      const reported = facts.tillReports.map(report => report.businessDay)
      // Days once expected whose store says now that it was closed: they run again, and have no rows then.
      const doubted = [...facts.storeChanges].flatMap(key => dayOfSlot('completeness', key))
      return [...new Set([...withEvents, ...reported, ...awaitedDays(facts, now), ...doubted])].sort()
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

/** Days in scope of which a journal store has sent nothing, though it may still, and is expected to. */
function awaitedDays(facts: Days, now: Instant): BusinessDay[] {
  const { versions, heads, scope } = facts
  const history = journalHistoryOf(facts)
  return daysBetween(scope.from, scope.to).filter(day => {
    if (heads.has(day) || !expectsJournal(versionOn(versions, day), day, history)) return false
    const { start, end } = businessDaySpan(day, versions)
    return start < end && isAwaited(end, now)
  })
}

function journalHistoryOf({ heads, tillReports }: Pick<StoreFacts, 'heads' | 'tillReports'>): JournalHistory {
  const withEvents = [...heads.keys()]
  const hasJournal = (day: BusinessDay) => (heads.get(day)?.bulkEvents ?? 0) > 0
  return {
    hasJournal,
    hasDocuments: day => (heads.get(day)?.documents ?? 0) > 0,
    firstJournal: withEvents.find(hasJournal) ?? null,
    lastJournal: withEvents.findLast(hasJournal) ?? null,
    lastTillReport: tillReports.reduce<BusinessDay | null>(
      (last, { businessDay }) => (last === null || businessDay > last ? businessDay : last),
      null,
    ),
  }
}

/** A day is published this long after its end, also when Z reports or the journal are missing. */
const MAX_WAIT_FOR_TILLS_MS = 6 * HOUR_MS

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

/** Registers that used to report and have not reported this day; none on a day on which the store does not trade. */
export function missingRegisters(
  { heads, tillReports, versions }: Pick<StoreFacts, 'heads' | 'tillReports' | 'versions'>,
  day: BusinessDay,
): string[] {
  const isExpected = expectsTillReports(versionOn(versions, day), day, {
    hasDocuments: (heads.get(day)?.documents ?? 0) > 0,
    hasReport: other => tillReports.some(({ businessDay }) => businessDay === other),
  })
  if (!isExpected) return []
  const since = addDays(day, -REGISTER_HABIT_DAYS)
  const expected = new Set<string>()
  const reported = new Set<string>()
  for (const { businessDay, register } of tillReports) {
    if (businessDay >= since && businessDay <= day) expected.add(register)
    if (businessDay === day) reported.add(register)
  }
  return [...expected].filter(register => !reported.has(register)).sort()
}

/**
 * The newest Z report from after an offset by which a day is judged otherwise than without it, though it is of an earlier
 * day: the first of its register within a week, or of the day's weekday within four, so that reports are expected which
 * were not before.
 * @returns its offset; 0: none
 */
export function newHabitOffset(
  tillReports: StoreFacts['tillReports'],
  day: BusinessDay,
  throughOffset: number,
): number {
  const habits = new Map<string, { newest: number; isKnown: boolean }>()
  for (const { businessDay, register, lastOffset } of tillReports) {
    const before = dayCount(businessDay, day)
    if (before < 0 || before > WEEK_DAYS * WEEKDAY_HABIT_WEEKS) continue
    const shows = before <= REGISTER_HABIT_DAYS ? [`register ${register}`] : []
    if (before > 0 && before % WEEK_DAYS === 0) shows.push('weekday')
    for (const habit of shows) {
      const known = habits.get(habit)
      habits.set(habit, {
        newest: Math.max(known?.newest ?? 0, lastOffset),
        isKnown: (known?.isKnown ?? false) || lastOffset <= throughOffset,
      })
    }
  }
  return [...habits.values()].reduce(
    (last, { newest, isKnown }) => (isKnown ? last : Math.max(last, newest)),
    0,
  )
}

/** Whether a store that writes journals has none yet for a day of which one is expected. */
export function isJournalMissing(
  facts: Pick<StoreFacts, 'versions' | 'heads' | 'tillReports'>,
  day: BusinessDay,
): boolean {
  const version = versionOn(facts.versions, day)
  if (version.input !== 'journal' || (facts.heads.get(day)?.bulkEvents ?? 0) > 0) return false
  return expectsJournal(version, day, journalHistoryOf(facts))
}
