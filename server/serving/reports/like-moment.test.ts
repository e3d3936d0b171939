import { describe, expect, it } from 'vitest'
import { counterpartOf } from './like-moment.ts'
import { comparedRange } from './periods.ts'

describe('the day that a day is held against', () => {
  const weeks = { from: '2026-11-02', to: '2026-11-15' }
  const of = (range: { from: string; to: string }, grain: 'day' | 'week' | 'month', day: string) => {
    const compared = comparedRange(range, grain, 'before')
    if (!compared) throw new Error('there is a range before')
    return counterpartOf(day, { range, compared, grain })
  }

  it('of days and weeks is as far back as the range', () => {
    expect(of(weeks, 'week', '2026-11-11')).toBe('2026-10-28')
    expect(of({ from: '2026-11-11', to: '2026-11-11' }, 'day', '2026-11-11')).toBe('2026-11-10')
  })

  it.each([
    ['2026-11-28', '2026-10-28', 'has the same number'],
    ['2026-11-30', '2026-10-31', 'is the last beside the last'],
    ['2026-03-29', '2026-02-28', 'is the last where the month before has none of its number'],
    ['2026-02-28', '2026-01-31', 'is the last beside the last, whatever its number'],
  ])('of a month, %s beside %s, %s', (day, like) => {
    const month = day.slice(0, 8)
    const last = new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0))
      .toISOString()
      .slice(0, 10)
    expect(of({ from: `${month}01`, to: last }, 'month', day)).toBe(like)
  })
})
