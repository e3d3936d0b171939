import { describe, expect, test } from 'vitest'
import { enrich } from './enrich.ts'
import { parseEvent } from './event.ts'
import { unchangingStore } from './store.ts'
import { EXAMPLE_STORES_BY_ID } from './testing/stores.ts'

const NOW = Date.parse('2026-11-20T23:00:00Z')
const JAKARTA = unchangingStore({
  id: 'jakarta',
  name: 'Jakarta',
  zone: 'Asia/Jakarta',
  cutOverHour: 0,
  currency: 'IDR',
  taxInclusive: true,
  channel: 'pos',
  input: 'live',
  partition: 0,
})
const STORES = new Map([...EXAMPLE_STORES_BY_ID, ['jakarta', JAKARTA]])

const ORDER = {
  source: 'till',
  id: 'o1',
  type: 'order.placed',
  store: 'berlin',
  channel: 'pos',
  eventTime: '2026-11-20T10:00:00+01:00',
  orderId: 'o1',
  currency: 'EUR',
  lines: [{ sku: 'A', units: 1, unitPrice: '1.00' }],
}
const Z_REPORT = {
  source: 'till',
  id: 'z1',
  type: 'till.closed',
  store: 'berlin',
  register: '1',
  eventTime: '2026-11-20T20:00:00+01:00',
  businessDay: '2026-11-20',
  currency: 'EUR',
  orders: 1,
  units: 1,
  net: '1.00',
}

function rejectionOf(input: unknown) {
  const parsed = parseEvent(input)
  if ('rejection' in parsed) return parsed.rejection
  const result = enrich(parsed.event, { stores: STORES, now: NOW, class: 'live', bodyHash: '' })
  return 'rejection' in result ? result.rejection : null
}

describe('the business day of a Z report', () => {
  test.each(['0000-01-01', '9999-12-31', '1899-12-31', '2200-01-01'])(
    'is no day of the year %s',
    businessDay => {
      expect(rejectionOf({ ...Z_REPORT, businessDay })).toEqual({
        reason: 'invalid_field',
        detail: 'businessDay: must be a date YYYY-MM-DD that exists, between 1900-01-01 and 2199-12-31',
      })
    },
  )

  test.each([
    ['2025-10-16', null],
    ['2025-10-15', 'from 2025-10-16 to 2026-11-22'],
    ['2026-11-22', null],
    ['2026-11-23', 'from 2025-10-16 to 2026-11-22'],
  ])('is near that of its event: %s', (businessDay, detail) => {
    const rejection = rejectionOf({ ...Z_REPORT, businessDay })
    if (detail === null) expect(rejection).toBeNull()
    else expect(rejection).toMatchObject({ reason: 'invalid_field', detail: expect.stringContaining(detail) })
  })

  test('is measured from the store’s own day: at half past three the day before goes on', () => {
    const event = { ...Z_REPORT, eventTime: '2026-11-20T03:30:00+01:00' }
    expect(rejectionOf({ ...event, businessDay: '2026-11-21' })).toBeNull()
    expect(rejectionOf({ ...event, businessDay: '2026-11-22' })).not.toBeNull()
  })
})

test('an instant of 1900 whose day began in 1899 is refused, and the next day’s is not', () => {
  expect(rejectionOf({ ...ORDER, eventTime: '1900-01-01T01:00:00Z' })).toMatchObject({
    reason: 'invalid_field',
    detail: expect.stringContaining('business day 1899-12-31'),
  })
  expect(rejectionOf({ ...ORDER, eventTime: '1900-01-02T12:00:00Z' })).toBeNull()
  expect(rejectionOf({ ...ORDER, eventTime: '1899-12-31T23:59:59Z' })?.detail).toContain('eventTime')
})

describe('amounts', () => {
  test('go by what the currency’s unit is worth: ten laptops in rupiah are a sale', () => {
    const lines = [{ sku: 'laptop', units: 10, unitPrice: '15000000' }]
    expect(rejectionOf({ ...ORDER, store: 'jakarta', currency: 'IDR', lines })).toBeNull()
    expect(rejectionOf({ ...ORDER, lines })?.reason).toBe('absurd_amount')
  })

  test('that are absurd in any currency are refused, whichever field they stand in', () => {
    const most = { ...ORDER, lines: [{ sku: 'A', units: 1, unitPrice: '100000000' }] }
    expect(rejectionOf(most)).toBeNull()
    const tooMuch: [string, object][] = [
      ['IDR', { ...ORDER, currency: 'IDR', lines: [{ sku: 'A', units: 1, unitPrice: '10000000000.0001' }] }],
      ['tax', { ...ORDER, lines: [{ ...ORDER.lines[0], tax: '100000000.0001' }] }],
      [
        'refund',
        { ...ORDER, type: 'order.returned', lines: [{ sku: 'A', units: 1, refund: '100000000.0001' }] },
      ],
      [
        'tender',
        {
          ...ORDER,
          tenders: [
            { type: 'card', amount: '100000001.00' },
            { type: 'cash', amount: '-100000000.00' },
          ],
        },
      ],
      ['charge', { ...ORDER, charges: [{ type: 'tip', amount: '100000000.0001' }] }],
      ['amount', { ...ORDER, lines: [{ sku: 'A', units: 3, amount: '100000000.0001' }] }],
      ['till’s tender', { ...Z_REPORT, tenders: [{ type: 'cash', amount: '1000000000.0001' }] }],
      ['opening float', { ...Z_REPORT, openingFloat: '1000000000.0001' }],
      ['counted cash', { ...Z_REPORT, countedCash: '1000000000.0001' }],
      ['net', { ...Z_REPORT, net: '1000000000.0001' }],
      ['net below zero', { ...Z_REPORT, net: '-1000000000.0001' }],
    ]
    for (const [field, event] of tooMuch)
      expect([field, rejectionOf(event)?.reason]).toEqual([field, 'absurd_amount'])
    expect(rejectionOf({ ...Z_REPORT, net: '-1000000000' })).toBeNull()
  })

  test('need a currency that is one', () => {
    for (const currency of ['ZZZ', 'XXX'])
      expect(rejectionOf({ ...ORDER, currency })).toEqual({
        reason: 'invalid_field',
        detail: `currency: "${currency}" is no currency of ISO 4217 in which goods are sold, such as EUR`,
      })
  })
})
