import { expect, test } from 'vitest'
import { isCurrency, maxDocumentAmount } from './currency.ts'
import { formatAmount } from './money.ts'

test('currencies that anybody’s computer knows are known, and nothing that is no money of a till', () => {
  for (const code of Intl.supportedValuesOf('currency'))
    expect([code, isCurrency(code)]).toEqual([code, true])
  for (const code of ['DEM', 'ITL', 'HRK', 'XCG']) expect([code, isCurrency(code)]).toEqual([code, true])
  for (const code of ['XXX', 'XTS', 'XAU', 'ZZZ', 'EURO', 'eur', '', 'constructor', '__proto__'])
    expect([code, isCurrency(code)]).toEqual([code, false])
})

test.each([
  ['EUR', '100000000.0000'],
  ['USD', '100000000.0000'],
  ['INR', '1000000000.0000'],
  ['JPY', '10000000000.0000'],
  ['IDR', '10000000000.0000'],
])('the largest document in %s goes by what a unit is worth: %s', (currency, most) => {
  expect(formatAmount(maxDocumentAmount(currency))).toBe(most)
})

test('ninety thousand of the largest documents fit into one bigint of 1/10,000, in any currency', () => {
  for (const code of Intl.supportedValuesOf('currency'))
    expect(BigInt(maxDocumentAmount(code)) * 90_000n).toBeLessThan(2n ** 63n)
})
