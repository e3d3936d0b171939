import { describe, expect, test } from 'vitest'
import { parseRateFile } from './rate-file.ts'

const GIVEN = { file: 'rates.csv', reportingCurrency: 'EUR' }
const parse = (text: string) => parseRateFile(text, GIVEN)

describe('a file of rates', () => {
  const rate = { currency: 'USD', reportingCurrency: 'EUR', validFrom: '2026-01-01', rate: '0.8571' }

  test.each([
    ['CSV', 'currency,reportingCurrency,validFrom,rate\nUSD,EUR,2026-01-01,0.8571\n'],
    ['CSV as a spreadsheet writes it', '\uFEFFcurrency;valid_from;rate\r\n"USD";2026-01-01; 0.8571\r\n\r\n'],
    [
      'JSON, a list',
      '[{"currency":"USD","reportingCurrency":"EUR","validFrom":"2026-01-01","rate":"0.8571"}]',
    ],
    ['JSON, one, into the reporting currency', '{"currency":"USD","validFrom":"2026-01-01","rate":0.8571}'],
  ])('is %s', (_, text) => {
    expect(parse(text)).toEqual([rate])
  })

  test.each([
    ['0'],
    ['-1'],
    ['1e3'],
    ['1,5'],
    ['0.12345678901'],
    ['12345678901'],
    ['Infinity'],
    [''],
    ['０.5'],
  ])('with the rate %j is refused', text => {
    expect(() =>
      parse(`[{"currency":"USD","validFrom":"2026-01-01","rate":${JSON.stringify(text)}}]`),
    ).toThrow(/rate 1, rate: must be a decimal above 0/)
  })

  test.each([
    ['2026-02-30', /must be a date YYYY-MM-DD that exists/],
    ['1899-12-31', /from 1900 to 2199/],
    ['2200-01-01', /from 1900 to 2199/],
  ])('valid from %s is refused', (day, message) => {
    expect(() => parse(`currency,validFrom,rate\nUSD,${day},1`)).toThrow(message)
  })

  test('names every fault with its place, and nothing of it is taken', () => {
    const text =
      'currency,validFrom,rate\nusd,2026-01-01,1\nEUR,2026-01-01,1\nUSD,2026-01-01,2\nUSD,2026-01-01,3\n'
    expect(() => parse(text)).toThrow(
      new RegExp(
        [
          'rates.csv was not taken, nothing of it:',
          '  line 2, currency: must be a three-letter currency code such as EUR',
          '  line 3: a currency is worth 1 in itself: it needs no rate',
          '  line 5: USD → EUR from 2026-01-01 stands in line 4 already',
        ].join('\n'),
      ),
    )
  })

  test.each([
    ['', /holds no rates/],
    ['currency,validFrom,rate\n', /holds no rates/],
    ['[]', /holds no rates/],
    ['[{]', /cannot be read as JSON/],
    ['currency,from,rate\nUSD,2026-01-01,1', /unknown column "from"/],
    ['currency,validFrom,rate\nUSD,2026-01-01', /line 2: 2 fields, where the header has 3/],
    ['[7]', /rate 1/],
    ['{"currency":"USD","validFrom":"2026-01-01","rate":"1","__proto__x":1}', /__proto__x/],
  ])('that is %j is one clear message', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })
})
