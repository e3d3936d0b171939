import type { Change } from './change.ts'
import type { CoveredStoreDay } from './settlement.ts'

/** How much of what figures are of is on file, in store-days. */
export interface Coverage {
  onFile: number
  of: number
}

/** Of both sides of a comparison. */
export interface ComparedCoverage {
  now: Coverage
  before: Coverage
}

/**
 * Whether all of a store's day that has passed is known. On file is also a day on which a store that sends at once has
 * sent nothing; not so one whose journal has not come, one that no run has computed, and one before the store's first.
 */
export function isOnFile({ state, hasBegun, hasEvents, sendsAtClose, covered }: CoveredStoreDay): boolean {
  if (!hasBegun || state === 'awaiting-journal' || (state === 'open' && sendsAtClose)) return false
  return covered || !hasEvents
}

export function coverageOf(days: readonly CoveredStoreDay[]): Coverage {
  return { onFile: days.filter(isOnFile).length, of: days.length }
}

/** Without a single store-day nothing is known either. */
export function isComplete({ onFile, of }: Coverage): boolean {
  return of > 0 && onFile === of
}

/** A change between two sums of which one is not whole would be a change of what is on file. */
export function ifComparable(coverage: ComparedCoverage | null, change: Change): Change {
  if (coverage && isComplete(coverage.now) && isComplete(coverage.before)) return change
  return { before: null, change: null, percent: null, isNew: false }
}
