import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import { instantOfLocal, zoneShifts } from './zone.ts'

test('a zone of two changes a year has both of every year, also in years that no other library looks into', () => {
  const shifts = zoneShifts('America/New_York', { from: Date.UTC(2090, 0, 1), to: Date.UTC(2090, 11, 31) })
  expect(shifts).toEqual([
    { startsAt: Date.UTC(2090, 0, 1), offsetSeconds: -18_000 },
    { startsAt: Date.parse('2090-03-12T07:00:00Z'), offsetSeconds: -14_400 },
    { startsAt: Date.parse('2090-11-05T06:00:00Z'), offsetSeconds: -18_000 },
  ])
})

test.each([
  ['CET', '2026-07-01T12:00:00Z', 7_200],
  ['MST7MDT', '2026-07-01T12:00:00Z', -21_600],
  ['EST', '2026-07-01T12:00:00Z', -18_000],
  ['Etc/GMT+5', '2026-07-01T12:00:00Z', -18_000],
  ['GB', '2026-07-01T12:00:00Z', 3_600],
  ['Australia/Lord_Howe', '2026-07-01T12:00:00Z', 37_800],
  ['Africa/Monrovia', '1971-07-01T12:00:00Z', -2_670],
])('%s is ahead of UTC at %s by %i seconds', (zone, at, offsetSeconds) => {
  const from = Date.parse(at)
  expect(zoneShifts(zone, { from, to: from })).toEqual([{ startsAt: from, offsetSeconds }])
})

test('local times near every change of a clock are the instants that Temporal makes of them', () => {
  const zones = [
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
    'America/Havana',
  ]
  for (const zone of zones) {
    const shifts = zoneShifts(zone, { from: Date.UTC(1970, 0, 1), to: Date.UTC(2026, 0, 1) })
    for (const { startsAt, offsetSeconds } of shifts.slice(1)) {
      for (let minutes = -26 * 60; minutes <= 26 * 60; minutes += 15) {
        const local = startsAt + offsetSeconds * 1000 + minutes * 60_000
        const text = new Date(local).toISOString().slice(0, 19)
        const expected = Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
        expect(instantOfLocal(zone, local).instant, `${zone} ${text}`).toBe(expected.epochMilliseconds)
      }
    }
  }
})
