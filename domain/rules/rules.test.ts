import { describe, expect, test } from 'vitest'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { OperatorEvent } from '#domain/operators/event.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import type { AnyRule, Parameters } from '#domain/operators/rule.ts'
import { foldOperators, NO_HABITS, order, type Tick, tick } from '#domain/operators/testing/fold-operators.ts'
import { STREAM_RULES } from './catalogue.ts'
import { highDiscount } from './high-discount.ts'
import { oddAmount } from './odd-amount.ts'
import { refundsAtRegister, refundsByCashier } from './refund-burst.ts'
import { storePace } from './store-pace.ts'
import { storeSilent } from './store-silent.ts'
import { tillSilent } from './till-silent.ts'
import { customerVelocity } from './velocity.ts'
import { voidAfterCash } from './void-after-cash.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const at = (minutes: number): Instant => NOON + minutes * MINUTE_MS

function alertsOf(rule: AnyRule, records: readonly (OperatorEvent | Tick)[], reference = NO_HABITS) {
  const { alerts, failures } = foldOperators(records, {
    operators: { rules: [rule], metrics: [], sessions: [] },
    reference,
  })
  expect(failures).toEqual([])
  return alerts
}

const says = (alerts: ReturnType<typeof alertsOf>) =>
  alerts.map(({ subject, state, summary }) => `${subject} ${state}: ${summary}`)

test('every rule has a name of its own, says where it comes from, and brings parameters within their bounds', () => {
  expect(new Set(STREAM_RULES.map(({ name }) => name)).size).toBe(STREAM_RULES.length)
  for (const { name, source, parameters } of STREAM_RULES) {
    expect(source.length, name).toBeGreaterThan(30)
    for (const { least, most, initial } of Object.values(parameters as Parameters)) {
      expect(initial, name).toBeGreaterThanOrEqual(least)
      expect(initial, name).toBeLessThanOrEqual(most)
    }
  }
})

test('five orders of one customer within ten minutes', () => {
  const by = (minutes: number, customer: string | null) => order(at(minutes), { customer })
  expect(
    says(
      alertsOf(
        customerVelocity,
        [0, 2, 4, 6, 8].map(minutes => by(minutes, 'c-1')),
      ),
    ),
  ).toEqual(['c-1 open: 5 orders of customer c-1 within 10 minutes'])
  expect(
    alertsOf(
      customerVelocity,
      [0, 2, 4, 6, 11].map(minutes => by(minutes, 'c-1')),
    ),
  ).toEqual([])
  expect(
    alertsOf(
      customerVelocity,
      [0, 2, 4, 6, 8].map(minutes => by(minutes, null)),
    ),
  ).toEqual([])
})

describe('refunds in a burst', () => {
  const refund = (minutes: number, details: Record<string, string>) =>
    order(at(minutes), { type: 'order.returned', totalGross: 0, totalReturns: 50_000, details })

  test('six of one cashier within half an hour, with what was paid out', () => {
    const ofOrders = [0, 5, 10, 15, 20, 25].map(minutes =>
      refund(minutes, { cashier: 'anna', originalOrderId: 'o-1' }),
    )
    expect(says(alertsOf(refundsByCashier, ofOrders))).toEqual([
      'anna open: 6 refunds by cashier anna within 30 minutes, 30.00 EUR',
    ])
    expect(alertsOf(refundsByCashier, ofOrders.slice(1))).toEqual([])
    expect(alertsOf(refundsAtRegister, ofOrders)).toEqual([])
  })

  test('those without an order count twice, and where no cashier is known the till is named', () => {
    const unmatched = [0, 5, 10].map(minutes => refund(minutes, {}))
    const [alert] = alertsOf(refundsAtRegister, unmatched)
    expect(alert?.subject).toBe('1')
    expect(alert?.figures).toContainEqual({ label: 'Of them without an order', value: '3' })
    expect(alertsOf(refundsAtRegister, unmatched.slice(1))).toEqual([])
  })
})

describe('voids right after cash sales', () => {
  const cash = (minutes: number, orderId: string) =>
    order(at(minutes), { orderId, details: { tenders: [{ type: 'cash', amount: null }] } })
  const voided = (minutes: number, orderId: string) => order(at(minutes), { type: 'order.voided', orderId })

  test('three at one till within half an hour', () => {
    const records = [1, 2, 3].flatMap(n => [cash(4 * n, `o-${n}`), voided(4 * n + 1, `o-${n}`)])
    const [alert, ...others] = alertsOf(voidAfterCash, records)
    expect(others).toEqual([])
    expect(alert?.summary).toBe('3 cash sales voided within 30 minutes by 1')
    expect(alert?.receipts.map(({ orderId, net }) => [orderId, net])).toEqual(
      ['o-1', 'o-2', 'o-3'].map(id => [id, '-10.0000']),
    )
  })

  test('voids of sales by card, or of cash sales long ago, are none', () => {
    const byCard = [1, 2, 3].flatMap(n => [
      order(at(4 * n), { orderId: `o-${n}` }),
      voided(4 * n + 1, `o-${n}`),
    ])
    expect(alertsOf(voidAfterCash, byCard)).toEqual([])
    const longAgo = [
      ...[1, 2, 3].map(n => cash(n, `o-${n}`)),
      ...[1, 2, 3].map(n => voided(60 + n, `o-${n}`)),
    ]
    expect(alertsOf(voidAfterCash, longAgo)).toEqual([])
  })
})

test('two documents with more than 55% off, by one hand within an hour', () => {
  const off = (minutes: number, totalDiscounts: number) => order(at(minutes), { totalDiscounts })
  expect(says(alertsOf(highDiscount, [off(0, 60_000), off(30, 75_000)]))).toEqual([
    '1 open: 2 documents by 1 with up to 75% off',
  ])
  expect(alertsOf(highDiscount, [off(0, 50_000), off(30, 75_000)])).toEqual([])
  expect(alertsOf(highDiscount, [off(0, 60_000), off(61, 75_000)])).toEqual([])
})

test('an amount is odd by what the store sells in these hours, and not where little is known of them', () => {
  const sizes = { median: Math.log(100_000), spread: 0.5, documents: 1_000 }
  const known: OperatorReference = { ...NO_HABITS, orderSizes: () => sizes }
  // exp(2) is four deviations of a half: 7.4 times the middle.
  const records = [order(at(0), { totalGross: 730_000 }), order(at(1), { totalGross: 750_000 })]
  expect(says(alertsOf(oddAmount, records, known))).toEqual([
    `o-${at(1)} open: Order o-${at(1)} of 75.00 EUR; 10.00 EUR is usual in these hours`,
  ])
  const little = { ...NO_HABITS, orderSizes: () => ({ ...sizes, documents: 199 }) }
  expect(alertsOf(oddAmount, records, little)).toEqual([])
  expect(alertsOf(oddAmount, records)).toEqual([])
})

describe('what is judged by habits', () => {
  const aMinute: OperatorReference = {
    ...NO_HABITS,
    expectedOrders: (_, from, to) => (to - from) / MINUTE_MS,
  }

  test('a till is silent by its share of the store, though the others sell on', () => {
    const till = (minutes: number, register: string) => order(at(minutes), { register, source: register })
    const sold = Array.from({ length: 60 }, (_, minute) => till(minute, minute % 2 === 0 ? 'a' : 'b'))
    const goesOn = Array.from({ length: 40 }, (_, minute) => till(60 + minute, 'a'))
    const alerts = alertsOf(tillSilent, [...sold, ...goesOn], aMinute)
    expect(alerts.map(({ subject, state }) => [subject, state])).toEqual([['b', 'open']])
    // Half the store's orders are its own: ten of them are due after some 20 minutes.
    const minutes = ((alerts[0]?.openedAt ?? 0) - at(59)) / MINUTE_MS
    expect(minutes).toBeGreaterThan(18)
    expect(minutes).toBeLessThan(22)
    const back = alertsOf(
      tillSilent,
      [...sold, ...goesOn, till(101, 'b'), till(103, 'a'), tick(at(110))],
      aMinute,
    )
    expect(back.map(({ subject, state }) => [subject, state])).toEqual([['b', 'resolved']])
  })

  test('a till that sells far more today than it used to is silent within minutes', () => {
    const till = (minutes: number, register: string) => order(at(minutes), { register, source: register })
    const anHour: OperatorReference = { ...NO_HABITS, expectedOrders: (_, from, to) => (to - from) / HOUR_MS }
    const sold = Array.from({ length: 360 }, (_, minute) => till(minute, minute % 2 === 0 ? 'a' : 'b'))
    const goesOn = Array.from({ length: 50 }, (_, minute) => till(360 + minute, 'a'))
    const alerts = alertsOf(tillSilent, [...sold, ...goesOn], anHour)
    expect(alerts.map(({ subject, state }) => [subject, state])).toEqual([['b', 'open']])
    // An order every two minutes: ten are due after 20, and surely by the time three more could have been chance.
    const minutes = ((alerts[0]?.openedAt ?? 0) - at(359)) / MINUTE_MS
    expect(minutes).toBeGreaterThan(20)
    expect(minutes).toBeLessThan(50)
    // By habit and share alone it would have been a day.
  })

  test('a web shop has no till that could be silent: that it is silent itself is said once', () => {
    const sold = Array.from({ length: 60 }, (_, minute) =>
      order(at(minute), { channel: 'online', register: null, source: 'web' }),
    )
    expect(alertsOf(tillSilent, [...sold, tick(at(120))], aMinute)).toEqual([])
    expect(alertsOf(storeSilent, [...sold, tick(at(120))], aMinute).length).toBe(1)
  })

  test('a store that sells nothing is silent, and over it is with the next order', () => {
    const sold = Array.from({ length: 60 }, (_, minute) => order(at(minute)))
    const alerts = alertsOf(storeSilent, [...sold, tick(at(80))], aMinute)
    expect(says(alerts)).toEqual([' open: No order for 20 minutes; 20.0 were to be expected'])
    expect(alertsOf(storeSilent, [...sold, tick(at(67))], aMinute)).toEqual([])
    const back = [...sold, tick(at(80)), order(at(81)), tick(at(84))]
    expect(alertsOf(storeSilent, back, aMinute).map(({ state }) => state)).toEqual(['resolved'])
  })

  test('however much would have been sold, nobody is called for a silence of less than five minutes', () => {
    const ten: OperatorReference = {
      ...NO_HABITS,
      expectedOrders: (_, from, to) => (10 * (to - from)) / MINUTE_MS,
    }
    const sold = Array.from({ length: 600 }, (_, index) => order(at(index / 10)))
    for (const rule of [storeSilent, tillSilent]) {
      expect(alertsOf(rule, [...sold, tick(at(64.8))], ten)).toEqual([])
      expect(alertsOf(rule, [...sold, tick(at(67))], ten).length).toBe(1)
    }
  })

  test('pace is judged by whole hours, with the range that would be usual', () => {
    const every = (step: number, from: number, to: number) =>
      Array.from({ length: Math.floor((to - from) / step) }, (_, index) => order(at(from + index * step)))
    const usual = every(1, 0, 240)
    expect(alertsOf(storePace, usual, aMinute)).toEqual([])
    const slow = alertsOf(storePace, [...usual, ...every(10, 240, 420)], aMinute)
    expect(slow.map(({ state }) => state)).toEqual(['open'])
    // 120 less 3 × √(120 + 18²), and more by 3 × √(120 + 36²)
    expect(slow[0]?.summary).toMatch(
      /^\d+ orders in the last 2 hours; 120 were to be expected, 57 to 233 would be usual$/,
    )
    const fast = alertsOf(storePace, [...usual, ...every(0.25, 240, 360), ...every(1, 360, 540)], aMinute)
    expect(fast.map(({ state }) => state)).toEqual(['resolved'])
  })

  test('habits of which ten times as much is sold are those of another store: they say nothing of its pace', () => {
    const records = Array.from({ length: 3_000 }, (_, index) => order(at(index / 10)))
    expect(alertsOf(storePace, records, aMinute)).toEqual([])
  })

  test('where nothing is known of a store, and where it sends a file at close, nothing is said', () => {
    const records = [...Array.from({ length: 60 }, (_, minute) => order(at(minute))), tick(at(200))]
    for (const rule of [storeSilent, tillSilent, storePace]) {
      expect(alertsOf(rule, records)).toEqual([])
      expect(alertsOf(rule, records, { ...aMinute, isLive: () => false })).toEqual([])
    }
  })
})
