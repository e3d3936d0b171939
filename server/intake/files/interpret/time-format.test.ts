import { expect, test } from 'vitest'
import { businessDayOf, businessDaySpan } from '#domain/business-day.ts'
import type { Store } from '#domain/store.ts'
import { storeSchema } from '#server/intake/stores/store-definition.ts'
import { toStore } from '#server/intake/stores/stores.ts'
import { compileTime, compileTimeFormat, isDateOnlyFormat, isTimeFormat } from './time-format.ts'

test.each([
  ['YYYY-MM-DD HH:mm:ss', '2010-12-01 08:26:00', '2010-12-01T08:26:00.000'],
  ['DD.MM.YYYY HH:mm', '24.12.2026 17:05', '2026-12-24T17:05:00.000'],
  ['M/D/YYYY H:mm', '12/1/2010 8:26', '2010-12-01T08:26:00.000'],
  ['M/D/YY h:mm A', '2/9/26 12:05 am', '2026-02-09T00:05:00.000'],
  ['M/D/YY h:mm A', '2/9/70 12:05 PM', '1970-02-09T12:05:00.000'],
  ['YYYYMMDDHHmmss', '20261120101530', '2026-11-20T10:15:30.000'],
  ['YYYY-MM-DDTHH:mm:ss.SSS', '2026-11-20T10:15:30.12', '2026-11-20T10:15:30.120'],
  ['YYYY-MM-DD', '2026-11-20', '2026-11-20T00:00:00.000'],
])('by %s, %s is %s', (format, text, local) => {
  expect(isTimeFormat(format)).toBe(true)
  expect(compileTimeFormat(format)(text)).toBe(local)
})

test.each([
  ['YYYY-MM-DD HH:mm:ss', '2010-02-30 08:26:00'],
  ['YYYY-MM-DD HH:mm:ss', '2010-12-01 24:00:00'],
  ['YYYY-MM-DD HH:mm:ss', '2010-12-01 08:60:00'],
  ['YYYY-MM-DD HH:mm:ss', '2010-12-01 08:26'],
  ['YYYY-MM-DD HH:mm:ss', ' 2010-12-01 08:26:00'],
  ['M/D/YY h:mm A', '2/9/26 13:05 PM'],
  ['DD.MM.YYYY HH:mm', '24x12x2026 17:05'],
  ['YYYY-MM-DD', '1492-10-12'],
])('by %s, %s is no time', (format, text) => {
  expect(compileTimeFormat(format)(text)).toBeNull()
})

test.each(['HH:mm', 'YYYY-MM', 'YYYY-YYYY-MM-DD', 'YYYY-MM-DD h:mm', 'YYYY-MM-DD HH:mm A'])(
  '%s is no format',
  format => {
    expect(isTimeFormat(format)).toBe(false)
  },
)

function storeIn(zone: string, cutOverHour: number): Store {
  return toStore(storeSchema.parse({ id: 's', name: 'S', zone, cutOverHour, currency: 'EUR' }), 4)
}

test.each([
  ['YYYY-MM-DD', true],
  ['DD.MM.YY', true],
  ['YYYY-MM-DD HH:mm', false],
  ['M/D/YYYY h A', false],
  ['iso', false],
])('%s: the day alone is %s', (format, dateOnly) => {
  expect(isDateOnlyFormat(format)).toBe(dateOnly)
})

test.each([0, 4, 12, 23])(
  'a date is that business day, whatever the cut-over (%i), also in a zone of another day',
  cutOverHour => {
    for (const [zone, text] of [
      ['Europe/Berlin', '2026-09-02'],
      ['Pacific/Auckland', '2026-09-27'],
      ['America/Los_Angeles', '2026-11-01'],
      ['Pacific/Kiritimati', '2026-01-01'],
    ] as const) {
      const store = storeIn(zone, cutOverHour)
      // The zone of the mapping is that of its times, and there are none.
      const { instant, dateOnly } = compileTime({ timeFormat: 'YYYY-MM-DD', zone: 'UTC' })(text, store)
      expect({ dateOnly, day: businessDayOf(instant, store.versions) }).toEqual({ dateOnly: true, day: text })
      const { start, end } = businessDaySpan(text, store.versions)
      expect(Math.abs(instant - start - (end - instant))).toBeLessThanOrEqual(1)
    }
  },
)

test('a day that a zone has skipped is no day of its stores', () => {
  const read = compileTime({ timeFormat: 'YYYY-MM-DD' })
  expect(() => read('2011-12-30', storeIn('Pacific/Apia', 0))).toThrow(/2011-12-30 is no day of store "s"/)
  expect(read('2011-12-30', storeIn('Europe/Berlin', 0)).dateOnly).toBe(true)
})
