import { expect, test } from 'vitest'
import { isTransient } from './run-set.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test.each(['40001', '40P01', '08006', '53100', '53300', '57P01', 'CONNECTION_CLOSED', 'ECONNREFUSED'])(
  'Trying again may help against %s',
  code => {
    expect(isTransient(failure(code))).toBe(true)
  },
)

test.each(['23505', '22003', '42P01', '42601'])('Trying again does not help against %s', code => {
  expect(isTransient(failure(code))).toBe(false)
})

test('An error without a code is not tried again', () => {
  expect(isTransient(new Error('rows do not add up'))).toBe(false)
})
