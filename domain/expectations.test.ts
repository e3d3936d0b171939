import { describe, expect, test } from 'vitest'
import {
  expectsJournal,
  expectsTillReports,
  isAwaited,
  type JournalHistory,
  tradesOn,
} from './expectations.ts'
import { DAY_MS } from './instant.ts'

const UNKNOWN = { input: 'journal', openingDays: null, opened: null, closed: null } as const
const NO_SATURDAYS = { ...UNKNOWN, openingDays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sun'] } as const

/** Of it sales have come in another way than by journal. */
const SOLD = '2025-09-20'

function history(journals: string[], lastTillReport: string | null = null): JournalHistory {
  return {
    hasJournal: day => journals.includes(day),
    hasDocuments: day => day === SOLD,
    firstJournal: journals[0] ?? null,
    lastJournal: journals.at(-1) ?? null,
    lastTillReport,
  }
}

describe('a store trades', () => {
  test('on its opening days, from the first to the last', () => {
    const store = { ...NO_SATURDAYS, opened: '2025-09-05', closed: '2025-09-28' } as const
    const days = ['2025-09-04', '2025-09-05', '2025-09-06', '2025-09-28', '2025-09-29']
    expect(days.map(day => tradesOn(store, day))).toEqual([false, true, false, true, false])
  })

  test('nobody knows when, where it does not say; but not after it closed for good', () => {
    expect(tradesOn(UNKNOWN, '2025-09-06')).toBeNull()
    expect(tradesOn({ ...UNKNOWN, closed: '2025-09-05' }, '2025-09-06')).toBe(false)
  })
})

describe('a journal is expected', () => {
  // Friday and Sunday of the case files/25-closed-saturday.
  const friday = '2025-09-05'
  const [saturday, sunday] = ['2025-09-06', '2025-09-07']

  test('of the day after the first, until a till has reported a later day', () => {
    expect(expectsJournal(UNKNOWN, saturday, history([friday, sunday]))).toBe(true)
    expect(expectsJournal(UNKNOWN, saturday, history([friday, sunday], sunday))).toBe(false)
    expect(expectsJournal(UNKNOWN, saturday, history([friday], friday))).toBe(true)
  })

  test('of opening days where they are known, whatever the habit', () => {
    expect(expectsJournal(NO_SATURDAYS, saturday, history(['2025-08-30', friday]))).toBe(false)
    expect(expectsJournal(NO_SATURDAYS, '2025-09-08', history([friday]))).toBe(true)
  })

  test('of weekdays that had one within four weeks', () => {
    const weekly = history([friday, '2025-09-12', '2025-09-19'])
    expect(expectsJournal(UNKNOWN, '2025-10-17', weekly)).toBe(true)
    expect(expectsJournal(UNKNOWN, '2025-10-24', weekly)).toBe(false)
    expect(expectsJournal(UNKNOWN, '2025-09-21', weekly)).toBe(false)
  })

  test('of a day that has sold, whatever the habit', () => {
    expect(expectsJournal(UNKNOWN, SOLD, history([friday]))).toBe(true)
    expect(expectsJournal(NO_SATURDAYS, SOLD, history([friday]))).toBe(false)
  })

  test('of no store that sends as it sells, and of none before its first', () => {
    expect(expectsJournal({ ...NO_SATURDAYS, input: 'live' }, '2025-09-08', history([friday]))).toBe(false)
    expect(expectsJournal(NO_SATURDAYS, '2025-09-04', history([friday]))).toBe(false)
  })
})

describe('a till is expected to report', () => {
  const [saturday, sunday] = ['2025-09-06', '2025-09-07']
  const days = (hasDocuments: boolean, ...reported: string[]) => ({
    hasDocuments,
    hasReport: (day: string) => reported.includes(day),
  })

  test('of opening days where they are known, whatever was sold', () => {
    expect(expectsTillReports(NO_SATURDAYS, saturday, days(true, '2025-08-30'))).toBe(false)
    expect(expectsTillReports(NO_SATURDAYS, sunday, days(false))).toBe(true)
  })

  test('where they are not, of days with documents, and of weekdays that had a report within four weeks', () => {
    expect(expectsTillReports(UNKNOWN, sunday, days(true))).toBe(true)
    expect(expectsTillReports(UNKNOWN, sunday, days(false, saturday, sunday))).toBe(false)
    expect(expectsTillReports(UNKNOWN, sunday, days(false, '2025-08-10'))).toBe(true)
    expect(expectsTillReports(UNKNOWN, sunday, days(false, '2025-08-03'))).toBe(false)
  })
})

test('what has not come within four weeks is awaited no longer', () => {
  expect(isAwaited(0, 28 * DAY_MS - 1)).toBe(true)
  expect(isAwaited(0, 28 * DAY_MS)).toBe(false)
})
