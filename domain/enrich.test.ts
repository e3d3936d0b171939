import { describe, expect, test } from 'vitest'
import { partId } from './derived-id.ts'
import { enrich } from './enrich.ts'
import { parseEvent } from './event.ts'
import { EXAMPLE_STORES_BY_ID } from './testing/stores.ts'

const NOW = Date.parse('2026-11-20T10:16:00+01:00')
const ORDER = {
  source: 'pos-1',
  id: 'o-1',
  type: 'order.placed',
  store: 'berlin',
  channel: 'pos',
  eventTime: '2026-11-20T10:15:30+01:00',
  orderId: 'o-1',
  currency: 'EUR',
  lines: [
    { sku: 'tea', units: 2, unitPrice: '2.555', discount: '0.10', tax: '0.80' },
    { sku: 'POST', units: 1, unitPrice: '3.00' },
  ],
}

function enriched(input: unknown, nonStockSkus?: ReadonlySet<string>) {
  const parsed = parseEvent(input)
  if ('rejection' in parsed) throw new Error(parsed.rejection.detail)
  return enrich(parsed.event, {
    stores: EXAMPLE_STORES_BY_ID,
    now: NOW,
    class: 'live',
    bodyHash: '0'.repeat(32),
    ...(nonStockSkus ? { nonStockSkus } : {}),
  })
}

function rejectionOf(input: unknown) {
  const result = enriched(input)
  return 'rejection' in result ? result.rejection : null
}

test('totals, business day and partition are decided once', () => {
  const result = enriched(ORDER)
  expect('events' in result && result.events).toMatchObject([
    {
      businessDay: '2026-11-20',
      partition: EXAMPLE_STORES_BY_ID.get('berlin')?.partition,
      totalUnits: 3,
      totalGross: 81_100,
      totalDiscounts: 1_000,
      totalTax: 8_000,
      lines: {
        skus: ['tea', 'POST'],
        units: [2, 1],
        discounts: [1_000, null],
        taxes: [8_000, null],
        stocked: null,
      },
    },
  ])
})

test('a line that states its amount is worth exactly that', () => {
  const result = enriched({
    ...ORDER,
    lines: [
      { sku: 'tea', units: 3, amount: '10.00', discount: '10.00' },
      { sku: 'cup', units: 1, unitPrice: '2.50' },
    ],
  })
  expect('events' in result && result.events).toMatchObject([
    { totalUnits: 4, totalGross: 125_000, lines: { unitPrices: [null, 25_000], amounts: [100_000, null] } },
  ])
})

test('charges are paid, and are no part of gross, net or units', () => {
  const order = {
    ...ORDER,
    charges: [
      { type: 'shipping', amount: '4.90' },
      { type: 'deposit', amount: '-0.25' },
    ],
    tenders: [{ type: 'card', amount: '12.66' }],
  }
  const result = enriched(order)
  expect('events' in result && result.events).toMatchObject([{ totalUnits: 3, totalGross: 81_100 }])
  expect(rejectionOf({ ...order, tenders: [{ type: 'card', amount: '8.01' }] })?.reason).toBe(
    'tenders_differ',
  )
})

test('what means the same as nothing is kept apart from nothing', () => {
  const line = { sku: 'tea', units: 1, refund: '1' }
  const back = { ...ORDER, type: 'order.returned', lines: [line, { ...line, restock: true }] }
  const [stated] = [enriched(back)].flatMap(result => ('events' in result ? result.events : []))
  expect(stated).toMatchObject({ lines: { stocked: null }, details: { restocks: [null, true] } })
  const [silent] = [enriched({ ...back, lines: [line] })].flatMap(result =>
    'events' in result ? result.events : [],
  )
  expect(silent).toMatchObject({ lines: { stocked: null }, details: null })
})

test('codes that are no merchandise move no stock', () => {
  const result = enriched(ORDER, new Set(['POST']))
  expect('events' in result && result.events[0]?.lines?.stocked).toEqual([true, false])
})

test('a transfer is two legs, each in its own store', () => {
  const result = enriched({
    source: 'pos-1',
    id: 't-1',
    type: 'stock.transferred',
    store: 'berlin',
    toStore: 'new-york',
    eventTime: '2026-11-20T03:00:00+01:00',
    lines: [{ sku: 'tea', units: 4 }],
  })
  expect(
    'events' in result && result.events.map(({ id, store, businessDay }) => [id, store, businessDay]),
  ).toEqual([
    [partId('t-1', 'out'), 'berlin', '2026-11-19'],
    [partId('t-1', 'in'), 'new-york', '2026-11-19'],
  ])
})

test('codes that are no merchandise move no stock in either leg of a transfer', () => {
  const transfer = {
    source: 'pos-1',
    id: 't-2',
    type: 'stock.transferred',
    store: 'berlin',
    toStore: 'new-york',
    eventTime: '2026-11-20T03:00:00+01:00',
    lines: [
      { sku: 'tea', units: 4 },
      { sku: 'POST', units: 1 },
    ],
  }
  const result = enriched(transfer, new Set(['POST']))
  expect('events' in result && result.events.map(({ id, lines }) => [id, lines?.stocked])).toEqual([
    [partId('t-2', 'out'), [true, false]],
    [partId('t-2', 'in'), [true, false]],
  ])
})

test('a review is bulk, whatever way it came', () => {
  const review = {
    source: 'reviews',
    id: 'r-1',
    type: 'review.posted',
    store: 'berlin',
    eventTime: ORDER.eventTime,
    sku: 'tea',
    rating: 4,
  }
  const result = enriched(review)
  expect('events' in result && result.events[0]?.class).toBe('bulk')
})

test('a sale known by its date alone is bulk, and may stand for a day that goes on', () => {
  const later = { ...ORDER, eventTime: '2026-11-20T16:00:00+01:00' }
  expect(rejectionOf(later)?.reason).toBe('clock_skew')
  const result = enriched({ ...later, dateOnly: true })
  expect('events' in result && result.events).toMatchObject([
    { class: 'bulk', businessDay: '2026-11-20', details: { dateOnly: true } },
  ])
  const tomorrow = { ...ORDER, eventTime: '2026-11-21T16:00:00+01:00', dateOnly: true }
  expect(rejectionOf(tomorrow)?.reason).toBe('clock_skew')
  expect(rejectionOf({ ...tomorrow, eventTime: '2026-11-19T16:00:00+01:00' })).toBeNull()
})

describe('refused', () => {
  test.each([
    ['an unknown store', { ...ORDER, store: 'atlantis' }, 'unknown_store', 'stores -- add'],
    [
      'a clock two minutes ahead',
      { ...ORDER, eventTime: '2026-11-20T10:18:01+01:00' },
      'clock_skew',
      '2 minutes',
    ],
    [
      'an absurd price',
      { ...ORDER, lines: [{ sku: 'tea', units: 1, unitPrice: '100000000.01' }] },
      'absurd_amount',
      '100000000.0000',
    ],
    [
      'units times price beyond any safe integer',
      { ...ORDER, lines: [{ sku: 'tea', units: 1_000_000, unitPrice: '900000000000.0000' }] },
      'absurd_amount',
      'units and prices',
    ],
    [
      'a discount above the line',
      { ...ORDER, lines: [{ sku: 'tea', units: 1, unitPrice: '1', discount: '1.01' }] },
      'invalid_field',
      'lines[0].discount',
    ],
    [
      'a discount above the stated amount',
      { ...ORDER, lines: [{ sku: 'tea', units: 9, amount: '1', discount: '1.01' }] },
      'invalid_field',
      'lines[0].discount',
    ],
    [
      'charges beyond any document',
      {
        ...ORDER,
        charges: [
          { type: 'tip', amount: '899999999999' },
          { type: 'fee', amount: '-899999999999' },
        ],
      },
      'absurd_amount',
      'charges[0].amount',
    ],
    [
      'tenders that do not pay the order',
      { ...ORDER, tenders: [{ type: 'cash', amount: '8.00' }] },
      'tenders_differ',
      '8.0100',
    ],
    [
      'tender and tenders',
      { ...ORDER, tender: 'card', tenders: [{ type: 'cash', amount: '8.01' }] },
      'invalid_field',
      'tenders',
    ],
  ])('%s', (_, input, reason, detail) => {
    const rejection = rejectionOf(input)
    expect(rejection?.reason).toBe(reason)
    expect(rejection?.detail).toContain(detail)
  })

  test('but not a clock two minutes ahead to the millisecond, nor one three days behind', () => {
    expect(rejectionOf({ ...ORDER, eventTime: '2026-11-20T10:18:00+01:00' })).toBeNull()
    expect(rejectionOf({ ...ORDER, eventTime: '2026-11-17T10:18:00+01:00' })).toBeNull()
  })
})

test('where prices exclude tax, the tenders pay it on top', () => {
  const order = {
    ...ORDER,
    store: 'new-york',
    currency: 'USD',
    tenders: [
      { type: 'cash', amount: '5.00' },
      { type: 'card', amount: '3.81' },
    ],
  }
  expect(rejectionOf(order)).toBeNull()
})
