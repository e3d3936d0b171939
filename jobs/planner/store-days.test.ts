import { describe, expect, test } from 'vitest'
import { TestFacts } from '#jobs/testing/facts.ts'
import { dayClosing, missingRegisters, newHabitOffset } from './store-days.ts'

const END = Date.parse('2026-11-20T03:00:00Z')

describe('a store-day', () => {
  test('without tills that report closes with its end', () => {
    const day = { endsAt: END, missingRegisters: 0, isJournalMissing: false }
    expect(dayClosing({ ...day, now: END - 1 })).toBe(null)
    expect(dayClosing({ ...day, now: END })).toBe('complete')
  })

  test('waits six hours for its Z reports, then closes incomplete', () => {
    const day = { endsAt: END, missingRegisters: 1, isJournalMissing: false }
    expect(dayClosing({ ...day, now: END })).toBe(null)
    expect(dayClosing({ ...day, now: Date.parse('2026-11-20T08:59:59Z') })).toBe(null)
    expect(dayClosing({ ...day, now: Date.parse('2026-11-20T09:00:00Z') })).toBe('incomplete')
  })

  test('of a journal store waits for its journal', () => {
    const facts = new TestFacts({ input: 'journal' }).sell('2026-11-18', { bulk: true }).sell('2026-11-19')
    const closing = (now: string) =>
      facts.plan(now).slots.find(slot => slot.job === 'daily_sales' && slot.period === '2026-11-19')?.closes
    expect(closing('2026-11-20T03:00:00Z')).toBe(null)
    facts.sell('2026-11-19', { bulk: true })
    expect(closing('2026-11-20T03:10:00Z')).toBe('complete')
  })

  test('closes when the last Z report comes, though no sale is new', () => {
    const facts = new TestFacts()
      .sell('2026-11-18')
      .reportTill('2026-11-18', 'till-1')
      .reportTill('2026-11-18', 'till-2')
      .sell('2026-11-19')
      .reportTill('2026-11-19', 'till-1')
    facts.tick('2026-11-20T03:00:00Z')
    expect(facts.closedDays).toEqual(new Set(['2026-11-18']))
    expect(facts.planned('2026-11-20T04:00:00Z')).toEqual([])
    facts.reportTill('2026-11-19', 'till-2')
    expect(facts.planned('2026-11-20T04:10:00Z')).toEqual([
      'daily_sales 2026-11-19',
      'completeness 2026-11-19',
    ])
  })

  test('closes incomplete at the first tick after six hours', () => {
    const facts = new TestFacts().reportTill('2026-11-18', 'till-1').sell('2026-11-19')
    facts.tick('2026-11-20T03:00:00Z')
    expect(facts.plan('2026-11-20T09:00:00Z').slots).toMatchObject([
      { job: 'daily_sales', closes: 'incomplete' },
    ])
  })
})

describe('a register', () => {
  const reports = new TestFacts()
    .sell('2026-11-11')
    .sell('2026-11-13')
    .sell('2026-11-15', { document: false })
    .sell('2026-11-16')
    .reportTill('2026-11-10', 'old')
    .reportTill('2026-11-13', 'new')
    .storeFacts()

  test('that reported within a week is expected to report', () => {
    expect(missingRegisters(reports, '2026-11-20')).toEqual(['new'])
  })

  test('that has reported is not missing', () => {
    expect(missingRegisters(reports, '2026-11-13')).toEqual(['old'])
  })

  test('is not expected to report a day on which nobody traded, whatever else its store did', () => {
    expect(missingRegisters(reports, '2026-11-15')).toEqual([])
    expect(missingRegisters(reports, '2026-11-16')).toEqual(['new', 'old'])
  })

  test('that reports for the first time later was not expected before', () => {
    expect(missingRegisters(reports, '2026-11-11')).toEqual(['old'])
  })
})

test('a Z report changes later days where it is the first of its register or of their weekday, and no others', () => {
  const report = (businessDay: string, register: string, lastOffset: number) => ({
    ...{ businessDay, register, lastOffset },
    appendDays: [],
  })
  const reports = [
    report('2026-11-02', 'a', 40),
    report('2026-11-04', 'a', 10),
    report('2026-11-04', 'b', 50),
  ]
  const from = (day: string, through: number) => newHabitOffset(reports, day, through)
  // Of a it was known already, by what came before; b is new, for a week.
  expect(['2026-11-03', '2026-11-05', '2026-11-11', '2026-11-12'].map(day => from(day, 20))).toEqual([
    40, 50, 50, 0,
  ])
  // Nothing is new to who has read it all. Two weeks after, Mondays are known by the second of November alone.
  expect([
    from('2026-11-05', 50),
    from('2026-11-16', 20),
    from('2026-11-30', 20),
    from('2026-12-07', 20),
  ]).toEqual([0, 40, 40, 0])
  expect(from('2026-11-18', 20)).toBe(0)
})

test('a day of the next month is computed again when a register is found to report', () => {
  const facts = new TestFacts().sell('2026-11-29').sell('2026-12-01')
  facts.tick('2026-12-03T12:00:00Z')
  expect(facts.planned('2026-12-03T13:00:00Z')).toEqual([])
  facts.reportTill('2026-11-29', 'till-1')
  const planned = facts.plan('2026-12-03T13:00:00Z').slots.map(({ job, period }) => `${job} ${period}`)
  expect(planned).toEqual(expect.arrayContaining(['completeness 2026-11-29', 'completeness 2026-12-01']))
})

describe('a journal that does not come', () => {
  test('is missed on weekdays that used to have one, for some weeks', () => {
    const facts = new TestFacts({ input: 'journal' })
    for (const day of ['2026-11-02', '2026-11-03', '2026-11-09', '2026-11-10'])
      facts.sell(day, { bulk: true })
    facts.tick('2026-11-11T12:00:00Z')
    expect(facts.planned('2026-11-18T12:00:00Z')).toEqual([
      'completeness 2026-11-16',
      'completeness 2026-11-17',
    ])
  })
})
