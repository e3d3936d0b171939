import { describe, expect, it } from 'vitest'
import { periodOf } from '#domain/calendar.ts'
import { comparedRange, daysIn, periodsIn, wholePeriods } from './periods.ts'

describe('the periods of a range', () => {
  it('are whole weeks from Monday, and whole months, that the range touches', () => {
    expect(wholePeriods({ from: '2026-11-04', to: '2026-11-09' }, 'week')).toEqual({
      from: '2026-11-02',
      to: '2026-11-15',
    })
    expect(wholePeriods({ from: '2026-02-14', to: '2026-03-01' }, 'month')).toEqual({
      from: '2026-02-01',
      to: '2026-03-31',
    })
  })

  it('lose no day across clock changes and the end of a year', () => {
    expect(periodsIn({ from: '2026-03-28', to: '2026-03-30' }, 'day')).toEqual([
      '2026-03-28',
      '2026-03-29',
      '2026-03-30',
    ])
    expect(periodsIn({ from: '2025-12-01', to: '2026-02-28' }, 'month')).toEqual([
      '2025-12-01',
      '2026-01-01',
      '2026-02-01',
    ])
    expect(periodOf('week', '2026-01-01')).toBe('2025-12-29')
  })
})

describe('the range compared with', () => {
  const days = { from: '2026-10-20', to: '2026-10-30' }

  it('ends the day before, and is as long', () => {
    expect(comparedRange(days, 'day', 'before')).toEqual({ from: '2026-10-09', to: '2026-10-19' })
  })

  it('has the same weekdays four weeks and a year earlier', () => {
    expect(comparedRange(days, 'day', 'four-weeks')).toEqual({ from: '2026-09-22', to: '2026-10-02' })
    const year = comparedRange(days, 'day', 'year')
    expect(year).toEqual({ from: '2025-10-21', to: '2025-10-31' })
    expect(new Date(year?.from ?? '').getUTCDay()).toBe(new Date(days.from).getUTCDay())
  })

  it('has as many months, however long they are', () => {
    const march = { from: '2026-03-01', to: '2026-03-31' }
    expect(comparedRange(march, 'month', 'before')).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(comparedRange({ from: '2024-02-01', to: '2024-02-29' }, 'month', 'year')).toEqual({
      from: '2023-02-01',
      to: '2023-02-28',
    })
    expect(comparedRange({ from: '2026-01-01', to: '2026-03-31' }, 'month', 'before')).toEqual({
      from: '2025-10-01',
      to: '2025-12-31',
    })
  })

  it('is none without comparison, nor four weeks before a month', () => {
    expect(comparedRange(days, 'day', 'none')).toBeNull()
    expect(comparedRange({ from: '2026-03-01', to: '2026-03-31' }, 'month', 'four-weeks')).toBeNull()
  })

  it('counts both ends', () => {
    expect(daysIn(days)).toBe(11)
  })
})
