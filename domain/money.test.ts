import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAmount, MAX_DOCUMENT_AMOUNT, parseAmount } from './money.ts'

describe('parseAmount', () => {
  test.each([
    ['2.55', 25_500],
    ['2.555', 25_550],
    ['0.0001', 1],
    ['-0.1', -1_000],
    ['12', 120_000],
    ['-0', 0],
  ])('reads %s as %i ten-thousandths', (text, amount) => {
    expect(parseAmount(text)).toBe(amount)
  })

  test.each(['', '.5', '5.', '1.23456', '1,5', '1e3', ' 1', '+1', 'NaN', '0x10', '1234567890123.00'])(
    'refuses %j',
    text => {
      expect(parseAmount(text)).toBeNull()
    },
  )
})

test('an amount survives being written and read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: -MAX_DOCUMENT_AMOUNT, max: MAX_DOCUMENT_AMOUNT }), amount => {
      expect(parseAmount(formatAmount(amount)) ?? Number.NaN).toBe(amount === 0 ? 0 : amount)
    }),
  )
})

test('small negative amounts keep their sign', () => {
  expect(formatAmount(-1)).toBe('-0.0001')
  expect(formatAmount('-123456789012345678')).toBe('-12345678901234.5678')
})
