import { addDays, type BusinessDay } from '#domain/business-day.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { StoreFacts, TillReport } from './facts.ts'

/** A day is published this long after its end, also when Z reports or the journal are missing. */
export const MAX_WAIT_FOR_TILLS_MS = 6 * HOUR_MS

/** A register is expected to report a day when it has reported one within this many days before. */
export const REGISTER_HABIT_DAYS = 7

/** How a run may close the day it computes: not at all, with everything in, or without. */
export type DayClosing = 'complete' | 'incomplete' | null

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
