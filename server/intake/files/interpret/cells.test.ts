import { expect, test } from 'vitest'
import { compileDecimal, toAmount, toUnits } from './cells.ts'

test.each([
  ['1234.5', '1234.5'],
  ['-0.10', '-0.1'],
  ['+7', '7'],
  ['007', '7'],
  ['6.000000', '6'],
  ['', null],
  ['1,234.50', null],
  ['1e3', null],
  ['.5', null],
  ['5.', null],
  ['٣', null],
])('with a decimal point and no thousands, %s is %s', (text, decimal) => {
  expect(compileDecimal({ decimal: '.', thousands: undefined })(text)).toBe(decimal)
})

test.each([
  ['1.234.567,89', '1234567.89'],
  ['1234,5', '1234.5'],
  ['-1.000', '-1000'],
  ['1.23,4', null],
  ['12.34', null],
])('with a decimal comma and points between thousands, %s is %s', (text, decimal) => {
  expect(compileDecimal({ decimal: ',', thousands: '.' })(text)).toBe(decimal)
})

test('an amount has at most four decimals that mean something, and no float is involved', () => {
  expect(toAmount('2.555')).toBe(25_550)
  expect(toAmount('0.1')).toBe(1_000)
  expect(toAmount('0.00001')).toBeNull()
  expect(toAmount('9999999999999')).toBeNull()
  expect(Object.is(toAmount('-0'), 0)).toBe(true)
})

test('units are whole', () => {
  expect(toUnits('6')).toBe(6)
  expect(toUnits('-6')).toBe(-6)
  expect(toUnits('6.5')).toBeNull()
  expect(toUnits('99999999999999999')).toBeNull()
  expect(Object.is(toUnits('-0'), 0)).toBe(true)
})
