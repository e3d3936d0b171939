import { describe, expect, it } from 'vitest'
import { storeClockOf } from './live-board.ts'

const BERLIN = { zone: 'Europe/Berlin', cutOverHour: 4 }

describe("a store's clock", () => {
  it('finds the same weekday, as long after the start of the day', () => {
    const clock = storeClockOf(Date.parse('2026-11-20T14:30:00+01:00'), BERLIN)
    expect(clock).toMatchObject({
      businessDay: '2026-11-20',
      dayStart: Date.parse('2026-11-20T04:00:00+01:00'),
    })
    expect(clock.weekAgo).toMatchObject({
      businessDay: '2026-11-13',
      moment: Date.parse('2026-11-13T14:30:00+01:00'),
    })
    expect(clock.twoWeeksAgo.moment).toBe(Date.parse('2026-11-06T14:30:00+01:00'))
  })

  it('is still in yesterday before the cut-over', () => {
    expect(storeClockOf(Date.parse('2026-11-20T03:59:00+01:00'), BERLIN).businessDay).toBe('2026-11-19')
  })

  it('keeps to the local hour when the clock was changed in between', () => {
    const clock = storeClockOf(Date.parse('2026-10-30T10:00:00+01:00'), BERLIN)
    expect(clock.weekAgo.moment).toBe(Date.parse('2026-10-23T10:00:00+02:00'))
  })

  it('is at the same time on a day of a clock change, however many hours of it have passed', () => {
    // At 10:00 of the short spring day nine hours have passed since midnight, a week before it were ten.
    const midnight = { zone: 'Europe/Berlin', cutOverHour: 0 }
    const spring = storeClockOf(Date.parse('2026-03-29T10:00:00+02:00'), midnight)
    expect(spring.weekAgo.moment).toBe(Date.parse('2026-03-22T10:00:00+01:00'))
    const autumn = storeClockOf(Date.parse('2026-10-25T10:00:00+01:00'), midnight)
    expect(autumn.weekAgo.moment).toBe(Date.parse('2026-10-18T10:00:00+02:00'))
    const after = storeClockOf(Date.parse('2026-11-01T02:30:00+01:00'), midnight)
    expect(after.weekAgo.moment).toBe(Date.parse('2026-10-25T02:30:00+02:00'))
  })

  it('after midnight is still in the like day a week ago, and never past its end', () => {
    // The business day of the autumn change has 25 hours, the one a week before 24.
    const clock = storeClockOf(Date.parse('2026-10-25T03:30:00+01:00'), BERLIN)
    expect(clock.businessDay).toBe('2026-10-24')
    expect(clock.weekAgo.moment).toBe(Date.parse('2026-10-18T03:30:00+02:00'))
    expect(clock.weekAgo.businessDay).toBe('2026-10-17')
  })
})
