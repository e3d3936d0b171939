import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyHashOf } from './canonical.ts'
import { enrich } from './enrich.ts'
import { parseEvent } from './event.ts'
import { priceAt } from './price.ts'
import { EXAMPLE_STORES_BY_ID } from './testing/stores.ts'

const NOW = Date.parse('2026-11-20T10:16:00+01:00')
const LINE = { sku: 'tea', price: '2.20', from: '2026-11-20', to: '2026-11-22' }
const CHANGE = {
  source: 'office',
  id: 'p-1',
  type: 'price.changed',
  store: 'berlin',
  eventTime: '2026-11-20T10:15:30+01:00',
  lines: [LINE],
}

function enriched(input: unknown) {
  const parsed = parseEvent(input)
  if ('rejection' in parsed) return parsed
  return enrich(parsed.event, {
    stores: EXAMPLE_STORES_BY_ID,
    now: NOW,
    class: 'live',
    bodyHash: bodyHashOf(parsed.event),
  })
}

function pricesOf(lines: readonly object[]) {
  const result = enriched({ ...CHANGE, lines })
  return 'events' in result ? result.events[0]?.details?.prices : result.rejection
}

function whyNot(changes: object): string | null {
  const result = enriched({ ...CHANGE, ...changes })
  return 'rejection' in result ? `${result.rejection.reason}: ${result.rejection.detail}` : null
}
const whyNotLine = (changes: object) => whyNot({ lines: [{ ...LINE, ...changes }] })

describe('a price change', () => {
  test('holds from the beginning of a business day of its store to the end of another', () => {
    expect(pricesOf([LINE])).toEqual([
      {
        ...{ sku: 'tea', price: 22_000, fromDay: '2026-11-20', toDay: '2026-11-22' },
        ...{ from: '2026-11-20T03:00:00.000Z', to: '2026-11-23T03:00:00.000Z' },
      },
    ])
  })

  test('holds from one instant until just before another, or until further notice', () => {
    const from = '2026-11-20T12:00:00+01:00'
    expect(pricesOf([{ sku: 'tea', price: '2', from, to: '2026-11-20T18:00:00.5+01:00' }])).toEqual([
      { sku: 'tea', price: 20_000, from: '2026-11-20T11:00:00.000Z', to: '2026-11-20T17:00:00.500Z' },
    ])
    expect(pricesOf([{ sku: 'tea', price: '0', from }])).toEqual([
      { sku: 'tea', price: 0, from: '2026-11-20T11:00:00.000Z' },
    ])
  })

  test('sells nothing and moves nothing', () => {
    const result = enriched(CHANGE)
    expect('events' in result && result.events).toMatchObject([
      { type: 'price.changed', lines: null, currency: null, totalUnits: 0, totalGross: 0, class: 'live' },
    ])
  })

  test('is refused with what is wrong with it', () => {
    expect(whyNotLine({ price: '-0.01' })).toBe('invalid_field: lines[0].price: must not be negative')
    expect(whyNotLine({ price: 2.2 })).toMatch(/^invalid_field: lines\[0]\.price/)
    expect(whyNotLine({ price: '2.20001' })).toMatch(/at most four decimals/)
    expect(whyNotLine({ price: '899999999999' })).toMatch(/^absurd_amount: lines\[0]\.price is above .* EUR/)
    expect(whyNotLine({ from: '2026-11-23' })).toBe(
      'invalid_field: lines[0].to: 2026-11-22 is before from, 2026-11-23',
    )
    const [noon, eleven] = ['2026-11-20T12:00:00Z', '2026-11-20T12:00:00+01:00']
    expect(whyNotLine({ from: noon, to: eleven })).toMatch(/^invalid_field: lines\[0]\.to: .* is before from/)
    expect(whyNotLine({ from: noon, to: noon })).toBeNull()
    expect(whyNotLine({ from: 'tomorrow' })).toBe(
      'invalid_field: lines[0].from: "tomorrow" is neither a business day such as 2026-11-20 nor an RFC 3339 time with an offset',
    )
    expect(whyNotLine({ from: '2024-11-20' })).toMatch(
      /^invalid_field: lines\[0]\.from: .* more than 400 days/,
    )
    expect(whyNotLine({ sku: '' })).toMatch(/^invalid_field: lines\[0]\.sku/)
    expect(whyNotLine({ units: 1 })).toBe('unknown_field: unknown field in lines[0]: units')
    expect(whyNot({ lines: [] })).toMatch(/^invalid_field: lines/)
    expect(whyNot({ lines: [LINE, { ...LINE, price: '3', to: undefined }] })).toMatch(
      /^invalid_field: lines\[1]: "tea" from 2026-11-20 is in this event already/,
    )
    expect(whyNot({ currency: 'EUR' })).toBeNull()
    expect(whyNot({ currency: 'USD' })).toBe('invalid_field: currency: berlin sells in EUR then, not in USD')
    expect(whyNot({ store: 'nowhere' })).toMatch(/^unknown_store/)
    expect(whyNot({ channel: 'pos' })).toBe('unknown_field: unknown field: channel')
  })

  test('that says another day is another body, and one that says the same instant otherwise is the same', () => {
    const hashOf = (line: object) => {
      const result = enriched({ ...CHANGE, lines: [{ ...LINE, ...line }] })
      return 'events' in result ? result.events[0]?.bodyHash : null
    }
    expect(hashOf({ from: '2026-11-19' })).not.toBe(hashOf({}))
    expect(hashOf({ to: '2026-11-23' })).not.toBe(hashOf({}))
    expect(hashOf({ price: '2.2' })).toBe(hashOf({}))
    expect(hashOf({ from: '2026-11-20T04:00:00+01:00' })).toBe(hashOf({ from: '2026-11-20T03:00:00Z' }))
    expect(hashOf({ from: '2026-11-20T04:00:00+01:00' })).not.toBe(hashOf({}))
  })
})

describe('the price at a moment', () => {
  const usual = { price: 5, validFrom: 10, validTo: null }
  const offer = { price: 4, validFrom: 20, validTo: 30 }

  test('is that of the one that began last among those that hold', () => {
    const at = (moment: number) => priceAt([offer, usual], moment)?.price ?? null
    expect([9, 10, 19, 20, 29, 30].map(at)).toEqual([null, 5, 5, 4, 4, 5])
  })

  test('that was withdrawn never holds', () => {
    expect(priceAt([{ ...offer, validTo: 20 }, usual], 20)).toBe(usual)
  })

  test('is the same in whatever order prices are told', () => {
    const prices = fc.uniqueArray(
      fc.record({
        price: fc.nat(9),
        validFrom: fc.nat(20),
        validTo: fc.option(fc.nat(30).map(to => to + 1)),
      }),
      { selector: ({ validFrom }) => validFrom },
    )
    fc.assert(
      fc.property(prices, fc.nat(40), (told, at) => {
        expect(priceAt(told.toReversed(), at)).toEqual(priceAt(told, at))
      }),
    )
  })
})
