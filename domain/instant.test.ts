import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatInstant, parseInstant } from './instant.ts'

test('reads an instant with offset and milliseconds', () => {
  expect(formatInstant(parseInstant('2026-11-20T10:15:30.123+01:00') ?? 0)).toBe('2026-11-20T09:15:30.123Z')
})

test('cuts fractions beyond milliseconds', () => {
  expect(parseInstant('2026-11-20T10:15:30.123999Z')).toBe(Date.parse('2026-11-20T10:15:30.123Z'))
})

test('reads a leap day and refuses one that does not exist', () => {
  expect(parseInstant('2028-02-29T00:00:00Z')).toBe(Date.parse('2028-02-29T00:00:00Z'))
  expect(parseInstant('2026-02-29T00:00:00Z')).toBeNull()
})

test.each([
  '2026-11-20T10:15:30',
  '2026-11-20 10:15:30Z',
  '2026-13-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '2026-11-20T10:15:30.Z',
  '2026-11-20T10:15:30.1234567890Z',
  '2026-11-20T10:15:30Z ',
  '2026-11-20T10:15:30+0100',
  '2026-11-20T10:15:3OZ',
  '2200-01-01T00:00:00Z',
  '',
  '2026-11-20T24:00:00Z',
  '2026-11-20T10:60:00Z',
  '2026-11-20T10:15Z',
  '2026-11-20T10:15:30+25:00',
  '0026-11-20T10:15:30Z',
])('refuses %s', text => {
  expect(parseInstant(text)).toBeNull()
})

test('writes what Date writes, whatever the order of days', () => {
  const instant = fc.integer({ min: Date.UTC(-1, 0), max: Date.UTC(10_001, 0) })
  fc.assert(
    fc.property(instant, at => {
      expect(formatInstant(at)).toBe(new Date(at).toISOString())
    }),
  )
  expect(() => formatInstant(Number.NaN)).toThrow(RangeError)
})

test('reads what Date reads, with every offset and number of decimals', () => {
  const two = (number: number) => String(Math.abs(number)).padStart(2, '0')
  const parts = fc.record({
    at: fc.integer({ min: Date.UTC(1900, 0, 2), max: Date.UTC(2199, 11, 30) }),
    places: fc.integer({ min: 0, max: 9 }),
    fraction: fc.integer({ min: 0, max: 999_999_999 }),
    offset: fc.integer({ min: -18 * 60 - 59, max: 18 * 60 + 59 }),
  })
  fc.assert(
    fc.property(parts, ({ at, places, fraction, offset }) => {
      const decimals = String(fraction).padStart(9, '0').slice(0, places)
      const zone =
        offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(Math.trunc(offset / 60))}:${two(offset % 60)}`
      const seconds = new Date(at).toISOString().slice(0, 19)
      const text = `${seconds}${places > 0 ? `.${decimals}` : ''}${zone}`
      const milliseconds = Number(decimals.slice(0, 3).padEnd(3, '0'))
      expect(parseInstant(text)).toBe(Date.parse(`${seconds}Z`) + milliseconds - offset * 60_000)
    }),
  )
})
