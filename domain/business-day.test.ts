import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { businessDayOf, businessDaySpan, instantOfLocalTime } from './business-day.ts'
import { addDays, isBusinessDay } from './calendar.ts'
import { HOUR_MS } from './instant.ts'

const BERLIN = { zone: 'Europe/Berlin', cutOverHour: 4 }
const NEW_YORK = { zone: 'America/New_York', cutOverHour: 4 }

describe('businessDayOf', () => {
  test('books a sale before the cut-over on the day before', () => {
    expect(businessDayOf(Date.parse('2026-03-02T03:59:59.999+01:00'), BERLIN)).toBe('2026-03-01')
    expect(businessDayOf(Date.parse('2026-03-02T04:00:00+01:00'), BERLIN)).toBe('2026-03-02')
  })

  test.each([
    ['2026-03-28', BERLIN, 23],
    ['2026-10-24', BERLIN, 25],
    ['2026-03-29', BERLIN, 24],
    ['2026-03-07', NEW_YORK, 23],
    ['2026-10-31', NEW_YORK, 25],
  ])('the business day %s of %o has %i hours', (day, calendar, hours) => {
    const { start, end } = businessDaySpan(day, calendar)
    expect((end - start) / HOUR_MS).toBe(hours)
  })

  test('every instant lies in the span of its own day, whatever the zone and cut-over', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/Santiago',
      'Pacific/Apia',
      'UTC',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: Date.parse('2010-01-01'), max: Date.parse('2035-01-01') }),
        (zone, cutOverHour, instant) => {
          const day = businessDayOf(instant, { zone, cutOverHour })
          const { start, end } = businessDaySpan(day, { zone, cutOverHour })
          expect(start <= instant && instant < end).toBe(true)
        },
      ),
    )
  })

  test('days meet, and every instant lies in its own, also where a store moves or its cut-over changes', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Tokyo', 'Europe/London']
    const version = fc.record({
      validFrom: fc.integer({ min: 1, max: 28 }).map(day => `2026-10-${String(day).padStart(2, '0')}`),
      zone: fc.constantFrom(...zones),
      cutOverHour: fc.integer({ min: 0, max: 12 }),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(version, { selector: ({ validFrom }) => validFrom, minLength: 1, maxLength: 4 }),
        fc.integer({ min: Date.parse('2026-09-28'), max: Date.parse('2026-11-03') }),
        (drawn, instant) => {
          const versions = drawn.sort((one, other) => (one.validFrom < other.validFrom ? -1 : 1))
          const day = businessDayOf(instant, versions)
          const { start, end } = businessDaySpan(day, versions)
          expect(start <= instant && instant < end).toBe(true)
          expect(businessDaySpan(addDays(day, 1), versions).start).toBe(end)
          const valid = versions.findLast(({ validFrom }) => validFrom <= day) ?? versions[0]
          expect(start).toBe(businessDaySpan(day, valid ?? BERLIN).start)
        },
      ),
    )
  })

  test('agrees with the wall clock away from clock changes', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.parse('2026-04-02'), max: Date.parse('2026-10-20') }), instant => {
        const wall = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO('Europe/Berlin')
        const expected = wall.hour < 4 ? wall.toPlainDate().subtract({ days: 1 }) : wall.toPlainDate()
        expect(businessDayOf(instant, BERLIN)).toBe(expected.toString())
      }),
    )
  })
})

describe('instantOfLocalTime', () => {
  test('takes the earlier of an ambiguous time', () => {
    expect(instantOfLocalTime('2026-10-25T02:30:00', 'Europe/Berlin')).toEqual({
      instant: Date.parse('2026-10-25T02:30:00+02:00'),
      irregular: 'ambiguous',
    })
  })

  test('shifts a missing time forward', () => {
    expect(instantOfLocalTime('2026-03-29T02:30:00', 'Europe/Berlin')).toEqual({
      instant: Date.parse('2026-03-29T03:30:00+02:00'),
      irregular: 'missing',
    })
  })

  test('has nothing to say about ordinary times', () => {
    expect(instantOfLocalTime('2010-12-01T08:26:00', 'Europe/London')).toEqual({
      instant: Date.parse('2010-12-01T08:26:00Z'),
      irregular: null,
    })
  })
})

test('calendar days are added across months and years', () => {
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  expect(addDays('2028-03-01', -1)).toBe('2028-02-29')
})

test('only dates that exist are business days', () => {
  expect(isBusinessDay('2026-11-20')).toBe(true)
  for (const text of ['2026-02-30', '2026-11-20T00:00', '20261120', ''])
    expect(isBusinessDay(text)).toBe(false)
})
