import { describe, expect, test } from 'vitest'
import { expectsJournal, isAwaited, type JournalHistory, tradesOn } from './expectations.ts'
import { DAY_MS } from './instant.ts'

const UNKNOWN = { input: 'journal', openingDays: null, opened: null, closed: null } as const
const NO_SATURDAYS = { ...UNKNOWN, openingDays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sun'] } as const

function history(journals: string[], lastTillReport: string | null = null): JournalHistory {
  return {
    hasJournal: day => journals.includes(day),
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
    expect(expectsJournal(UNKNOWN, '2025-09-20', weekly)).toBe(false)
  })

  test('of no store that sends as it sells, and of none before its first', () => {
    expect(expectsJournal({ ...NO_SATURDAYS, input: 'live' }, '2025-09-08', history([friday]))).toBe(false)
    expect(expectsJournal(NO_SATURDAYS, '2025-09-04', history([friday]))).toBe(false)
  })
})

test('what has not come within four weeks is awaited no longer', () => {
  expect(isAwaited(0, 28 * DAY_MS - 1)).toBe(true)
  expect(isAwaited(0, 28 * DAY_MS)).toBe(false)
})
