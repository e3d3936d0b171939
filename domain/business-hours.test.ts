import { expect, test } from 'vitest'
import { businessDaySpan } from './business-day.ts'
import { businessHoursOf } from './business-hours.ts'
import { HOUR_MS } from './instant.ts'

const BERLIN = { zone: 'Europe/Berlin', cutOverHour: 4 }
const LORD_HOWE = { zone: 'Australia/Lord_Howe', cutOverHour: 4 }

test.each([
  ['2026-03-02', BERLIN, 24],
  ['2026-03-28', BERLIN, 23],
  ['2026-10-24', BERLIN, 25],
  ['2026-04-04', LORD_HOWE, 25],
  ['2026-10-03', LORD_HOWE, 24],
  ['2011-12-30', { zone: 'Pacific/Apia', cutOverHour: 4 }, 0],
])('%s of %o has %i hours, which fill it and are told apart', (day, calendar, count) => {
  const hours = businessHoursOf(day, calendar)
  const { start, end } = businessDaySpan(day, calendar)
  expect(hours).toHaveLength(count)
  expect(new Set(hours.map(({ label }) => label)).size).toBe(count)
  expect(hours.reduce((sum, hour) => sum + hour.end - hour.start, 0)).toBe(end - start)
  hours.slice(1).forEach((hour, index) => {
    expect(hour.start).toBe(hours[index]?.end)
  })
})

test('the hour that comes twice says by which clock', () => {
  const labels = businessHoursOf('2026-10-24', BERLIN).map(({ label }) => label)
  expect(labels.slice(21)).toEqual(['01:00', '02:00 +02:00', '02:00 +01:00', '03:00'])
})

test('where clocks move by half an hour, an hour is half of one', () => {
  const hours = businessHoursOf('2026-04-04', LORD_HOWE)
  const half = hours.find(hour => hour.end - hour.start < HOUR_MS)
  expect(half).toEqual({
    start: Date.parse('2026-04-04T15:00:00Z'),
    end: Date.parse('2026-04-04T15:30:00Z'),
    label: '01:30',
  })
  const spring = businessHoursOf('2026-10-03', LORD_HOWE).map(({ label }) => label)
  expect(spring.slice(-3)).toEqual(['01:00', '02:30', '03:00'])
})
