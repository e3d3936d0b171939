import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addExact, formatAmount, moneyText, parseAmount } from './money.ts'

const MOST = 9_000_000_000_000_000

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
    fc.property(fc.integer({ min: -MOST, max: MOST }), amount => {
      expect(parseAmount(formatAmount(amount)) ?? Number.NaN).toBe(amount === 0 ? 0 : amount)
    }),
  )
})

test('small negative amounts keep their sign', () => {
  expect(formatAmount(-1)).toBe('-0.0001')
  expect(formatAmount('-123456789012345678')).toBe('-12345678901234.5678')
})

test('a sum is exact also beyond the safe integers, in whatever order it is added up', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -MOST, max: MOST }), { maxLength: 30 }), amounts => {
      const exact = amounts.reduce((sum, amount) => sum + BigInt(amount), 0n)
      expect(BigInt(amounts.reduce<number | bigint>(addExact, 0))).toBe(exact)
      expect(BigInt(amounts.toReversed().reduce<number | bigint>(addExact, 0))).toBe(exact)
    }),
  )
  expect(addExact(2, 3)).toBe(5)
})

test('an amount in a sentence has the decimals of its currency', () => {
  expect(moneyText(246_410, 'USD')).toBe('24.64 USD')
  expect(moneyText(-246_450, 'USD')).toBe('-24.65 USD')
  expect(moneyText(19_804_000, 'JPY')).toBe('1980 JPY')
  expect(moneyText(12_345, 'KWD')).toBe('1.235 KWD')
  expect(moneyText(-1, 'EUR')).toBe('0.00 EUR')
  // Of a document that names no currency.
  expect(moneyText(25_000, '')).toBe('2.50')
})
