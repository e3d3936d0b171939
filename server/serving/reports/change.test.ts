import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeOf, compareDecimals } from './change.ts'

describe('how a figure has changed', () => {
  it.each([
    ['5.1100', '2.5550', '2.5550', '100.0'],
    ['90', '100', '-10', '-10.0'],
    ['-5.0000', '-10.0000', '5.0000', '50.0'],
    ['4.5', '4.2500', '0.2500', '5.9'],
    ['0.0000', '0.3000', '-0.3000', '-100.0'],
  ])('%s after %s is %s, %s percent', (now, before, change, percent) => {
    expect(changeOf(now, before)).toEqual({ before, change, percent, isNew: false })
  })

  it('is new, without a percentage, where there was nothing before', () => {
    expect(changeOf('3', '0')).toEqual({ before: '0', change: '3', percent: null, isNew: true })
    expect(changeOf('0.0000', '0')).toMatchObject({ change: '0.0000', percent: null, isNew: false })
  })

  it('is not known where one of the figures is not', () => {
    expect(changeOf(null, '7')).toEqual({ before: '7', change: null, percent: null, isNew: false })
    expect(changeOf('7', null)).toEqual({ before: null, change: null, percent: null, isNew: false })
  })

  it('is exact beyond what a float holds', () => {
    expect(changeOf('90071992547409930.0001', '90071992547409930.0000').change).toBe('0.0001')
  })
})

describe('the order of exact decimals', () => {
  it('is that of numbers, with what is not known last in both directions', () => {
    const texts = ['9.5000', null, '-12.25', '100', '9.4999']
    expect(texts.toSorted((one, other) => compareDecimals(one, other, true))).toEqual([
      '100',
      '9.5000',
      '9.4999',
      '-12.25',
      null,
    ])
    expect(texts.toSorted((one, other) => compareDecimals(one, other, false)).at(-1)).toBeNull()
  })

  it('agrees with integers of 1/10,000', () => {
    const amount = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })
    fc.assert(
      fc.property(amount, amount, (one, other) => {
        const order = compareDecimals(`${one}`, `${other}`, false)
        expect(order).toBe(one < other ? -1 : one > other ? 1 : 0)
      }),
    )
  })
})
