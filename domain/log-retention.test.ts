import { describe, expect, test } from 'vitest'
import { decideRetention, type RetentionFacts } from './log-retention.ts'

const FACTS: RetentionFacts = {
  today: '2026-11-30',
  keepDays: 35,
  archived: ['2026-10-24', '2026-10-25', '2026-10-26', '2026-11-01'],
  newest: ['2026-11-30'],
  readers: [{ name: 'the stream', day: '2026-11-30' }],
  open: ['2026-11-29'],
  setAside: [],
}

describe('retention', () => {
  test('drops archived days older than what is kept, the oldest first', () => {
    expect(decideRetention(FACTS)).toEqual({ drop: ['2026-10-24', '2026-10-25'], kept: [] })
  })

  test.each<[string, Partial<RetentionFacts>]>([
    ['it holds the newest entry of a partition', { newest: ['2026-10-25', '2026-11-30'] }],
    ['reports that are not finished read it', { open: ['2026-10-25'] }],
    ['an event of it was set aside, and may be put right', { setAside: ['2026-10-25'] }],
  ])('keeps a day where %s', (reason, change) => {
    expect(decideRetention({ ...FACTS, ...change })).toEqual({
      drop: ['2026-10-24'],
      kept: [{ day: '2026-10-25', reason }],
    })
  })

  test('keeps every day from the one that a reader is at', () => {
    const readers = [...FACTS.readers, { name: 'the planner', day: '2026-10-24' }]
    const reason = 'the planner has only come to 2026-10-24'
    expect(decideRetention({ ...FACTS, readers })).toEqual({
      drop: [],
      kept: ['2026-10-24', '2026-10-25'].map(day => ({ day, reason })),
    })
  })

  test('drops nothing that is not in the archive', () => {
    expect(decideRetention({ ...FACTS, archived: [] })).toEqual({ drop: [], kept: [] })
  })
})
