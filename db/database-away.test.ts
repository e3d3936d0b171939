import { expect, test } from 'vitest'
import { isDatabaseAway } from './database-away.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test.each([
  'CONNECTION_CLOSED',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  '08006',
  '53100',
  '57P01',
  '58030',
])('while the database answers %s it is away', code => {
  expect(isDatabaseAway(failure(code))).toBe(true)
  expect(isDatabaseAway(new Error('no answer', { cause: failure(code) }))).toBe(true)
})

test.each(['22003', '23505', '40001', '57014', 'ERR_INVALID_ARG_TYPE'])('%s is an answer of it', code => {
  expect(isDatabaseAway(failure(code))).toBe(false)
})

test('an error without a code says nothing of the database', () => {
  expect(isDatabaseAway(new Error('broken'))).toBe(false)
  expect(isDatabaseAway('broken')).toBe(false)
  expect(isDatabaseAway(null)).toBe(false)
})
