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
  '2026-11-20T24:00:00Z',
  '2026-11-20T10:60:00Z',
  '2026-11-20T10:15Z',
  '2026-11-20T10:15:30+25:00',
  '0026-11-20T10:15:30Z',
])('refuses %s', text => {
  expect(parseInstant(text)).toBeNull()
})
