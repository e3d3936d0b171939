import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import type { Parameters } from '#domain/operators/rule.ts'
import { unchangingStore } from '#domain/store.ts'
import {
  type AnyKeyedRule,
  inLogOrder,
  type KeyedContext,
  type RuleDocument,
  ruleInForce,
  type StoreSales,
} from './batch-rule.ts'
import { cardInTwoStores } from './card-in-two-stores.ts'
import { BATCH_RULES } from './catalogue.ts'
import { productEverywhere } from './product-everywhere.ts'
import { refundBeyondPurchase } from './refund-beyond-purchase.ts'
import { refundOfUnknownOrder } from './refund-of-unknown-order.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const CITIES = {
  berlin: { latitude: 52.52, longitude: 13.41 },
  potsdam: { latitude: 52.39, longitude: 13.06 },
  tokyo: { latitude: 35.66, longitude: 139.7 },
  nowhere: null,
}

let offset = 0
function document(fields: Partial<RuleDocument>): RuleDocument {
  offset += 1
  const eventTime = fields.eventTime ?? NOON
  const units = fields.units ?? [1]
  return {
    ...{ partition: 0, offset, appendedAt: eventTime + offset, eventTime, businessDay: '2026-11-20' },
    ...{
      type: 'order.placed',
      source: 'till',
      id: `e-${offset}`,
      store: 'berlin',
      register: 'till-1',
      channel: 'pos',
    },
    ...{ currency: 'EUR', orderId: 'o-1', order: 'o-1', cardToken: null, entryMode: null },
    ...{ totalUnits: 1, totalGross: 0, totalDiscounts: 0, totalReturns: 0, totalTax: 0, totalCharges: 0 },
    skus: ['tea'],
    ...fields,
    units,
  } as RuleDocument
}

const sale = (fields: Partial<RuleDocument> = {}) => document({ totalGross: 100_000, units: [2], ...fields })
const refund = (fields: Partial<RuleDocument> = {}) =>
  document({ type: 'order.returned', totalReturns: 50_000, ...fields })
const use = (store: string, minutes: number, fields: Partial<RuleDocument> = {}) =>
  sale({ store, eventTime: NOON + minutes * MINUTE_MS, cardToken: 'card-1', entryMode: 'chip', ...fields })

function judge(
  rule: AnyKeyedRule,
  documents: readonly RuleDocument[],
  {
    taxInclusive = true,
    set = {},
    ...context
  }: Partial<KeyedContext<Parameters>> & { taxInclusive?: boolean; set?: Record<string, number> } = {},
) {
  const version = { version: 2, validFrom: 0, isOn: true, parameters: set }
  return rule.judge(documents.toSorted(inLogOrder), {
    through: NOON + 10 * DAY_MS,
    ruleAt: at => ruleInForce(rule, { ruleAt: () => version }, at),
    storeAt: id =>
      unchangingStore({
        ...{ id, name: id, partition: 0, zone: 'UTC', cutOverHour: 0, currency: 'EUR' },
        ...{
          taxInclusive,
          channel: 'pos',
          input: 'live',
          location: CITIES[id as keyof typeof CITIES] ?? null,
        },
      }),
    logBegan: () => '2026-01-01',
    filesIn: () => 0,
    ...context,
  })
}

const summaries = (
  rule: AnyKeyedRule,
  documents: readonly RuleDocument[],
  options: { taxInclusive?: boolean } = {},
) => judge(rule, documents, options).map(({ summary }) => summary)

test('every rule has a name of its own, says where it comes from, and brings parameters within their bounds', () => {
  expect(new Set(BATCH_RULES.map(({ name }) => name)).size).toBe(BATCH_RULES.length)
  for (const { name, source, parameters, describe } of BATCH_RULES) {
    expect(source.length, name).toBeGreaterThan(30)
    const values = Object.entries(parameters as Parameters).map(([parameter, { least, most, initial }]) => {
      expect(initial, name).toBeGreaterThanOrEqual(least)
      expect(initial, name).toBeLessThanOrEqual(most)
      return [parameter, initial] as const
    })
    expect(describe(Object.fromEntries(values)), name).not.toContain('undefined')
  }
})

test('what was paid is with tax where prices are without it, and with charges', () => {
  const dear = [sale({ totalTax: 10_000, totalCharges: 5_000 }), refund({ totalReturns: 114_000 })]
  expect(summaries(refundBeyondPurchase, dear, { taxInclusive: false })).toEqual([])
  expect(summaries(refundBeyondPurchase, dear)).toEqual([
    '11.40 EUR refunded of order o-1, which cost 10.50 EUR',
  ])
})

test('money of another currency than the order’s is held against nothing; its units are', () => {
  expect(
    summaries(refundBeyondPurchase, [sale(), refund({ currency: 'USD', totalReturns: 9_000_000 })]),
  ).toEqual([])
  expect(summaries(refundBeyondPurchase, [sale(), refund({ currency: 'USD', units: [3] })])).toEqual([
    '3 × tea given back of order o-1, which bought 2',
  ])
})

test('a number that many orders of a store bear names none of them', () => {
  const orders = (count: number) => Array.from({ length: count }, () => sale({ units: [1], totalGross: 1 }))
  expect(judge(refundBeyondPurchase, [...orders(20), refund({ units: [21] })])).toHaveLength(1)
  expect(judge(refundBeyondPurchase, [...orders(21), refund({ units: [22] })])).toEqual([])
})

test('a return in a third store of an order number that two have is nobody’s', () => {
  const two = [sale(), sale({ store: 'tokyo' })]
  expect(judge(refundBeyondPurchase, [...two, refund({ store: 'potsdam', units: [9] })])).toEqual([])
  expect(judge(refundBeyondPurchase, [...two, refund({ store: 'tokyo', units: [9] })])).toHaveLength(1)
})

test('an order that comes after all ends its alert, and one that was there in time raises none', () => {
  const missing = refund({ order: 'o-9' })
  const after = (hours: number) => sale({ order: 'o-9', appendedAt: missing.appendedAt + hours * HOUR_MS })
  const [open] = judge(refundOfUnknownOrder, [missing])
  expect(open).toMatchObject({ resolvedAt: null, subject: 'o-9', ruleVersion: 2 })
  expect(judge(refundOfUnknownOrder, [missing, after(24)])).toEqual([])
  const [ended] = judge(refundOfUnknownOrder, [missing, after(25)])
  expect(ended?.began).toEqual(open?.began)
  expect(ended?.resolvedAt).not.toBeNull()
})

test('before it is due, while a file is awaited, or of days before the log began, nothing is said of an order', () => {
  const missing = [refund({ order: 'o-9' })]
  expect(judge(refundOfUnknownOrder, missing, { through: NOON + 24 * HOUR_MS })).toEqual([])
  expect(judge(refundOfUnknownOrder, missing, { filesIn: () => null })).toEqual([])
  expect(judge(refundOfUnknownOrder, missing, { logBegan: () => '2026-10-07' })).toEqual([])
  expect(judge(refundOfUnknownOrder, missing, { logBegan: () => null })).toEqual([])
  expect(judge(refundOfUnknownOrder, missing, { logBegan: () => '2026-10-06' })).toHaveLength(1)
})

test('a card is judged by pairs, wherever the later one stands in the log; not without a place, a card or a distance', () => {
  expect(summaries(cardInTwoStores, [use('tokyo', 60), use('berlin', 0)])).toEqual([
    'Card card-1 at berlin and, 60 minutes later, 8919 km away at tokyo',
  ])
  expect(judge(cardInTwoStores, [use('berlin', 0), use('tokyo', 10 * 60)])).toEqual([])
  expect(
    judge(cardInTwoStores, [use('berlin', 0), use('tokyo', 10 * 60)], { set: { speed: 800 } }),
  ).toHaveLength(1)
  expect(judge(cardInTwoStores, [use('berlin', 0), use('potsdam', 0)])).toEqual([])
  expect(judge(cardInTwoStores, [use('berlin', 0), use('nowhere', 0)])).toEqual([])
  expect(judge(cardInTwoStores, [use('berlin', 0), use('tokyo', 0, { channel: 'online' })])).toEqual([])
  expect(judge(cardInTwoStores, [use('berlin', 0), use('tokyo', 0, { entryMode: 'manual' })])).toEqual([])
  // A day later it is another episode.
  expect(
    judge(cardInTwoStores, [use('berlin', 0), use('tokyo', 60), use('berlin', 3_000), use('tokyo', 3_060)]),
  ).toHaveLength(2)
})

test('a product is held against whole days of each store, and asks for enough of them', () => {
  const quiet = [0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 0, 1, 0, 0]
  const sold = (units: number, days: readonly number[] = quiet): StoreSales[] =>
    ['berlin', 'tokyo', 'potsdam'].map(store => ({ store, units, days }))
  const parameters = { stores: 3, hours: 6, deviations: 5, units: 6 }
  const ask = (sales: readonly StoreSales[]) => productEverywhere.judge(sales, { parameters, sku: 'tea' })
  expect(ask(sold(7))).toMatchObject({
    store: 'berlin',
    summary: '21 × tea in 3 stores within 6 hours, far above a whole day of each',
  })
  expect(ask(sold(5))).toBeNull()
  expect(ask(sold(7).slice(1))).toBeNull()
  // Fifty a day, give or take: a rush is more than chance makes.
  const busy = quiet.map((_, day) => 46 + day)
  expect(ask(sold(80, busy))).toBeNull()
  expect(ask(sold(95, busy))).not.toBeNull()
})
