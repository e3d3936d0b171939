import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { OperatorEvent } from '#domain/operators/event.ts'
import { OperatorFold } from '#domain/operators/fold.ts'
import { PANES_KEPT_MS, SESSIONS_KEPT_MS, windowAt } from '#domain/operators/metric.ts'
import {
  foldOperators,
  NO_HABITS,
  NO_STATES,
  order,
  type Tick,
  tick,
} from '#domain/operators/testing/fold-operators.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import { STREAM_METRICS, STREAM_SESSIONS } from './catalogue.ts'
import { onlineSessions } from './online-sessions.ts'
import { productSales } from './product-sales.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const at = (minutes: number): Instant => NOON + minutes * MINUTE_MS

function fold(records: readonly (OperatorEvent | Tick)[]) {
  const folded = foldOperators(records, {
    operators: { rules: [], metrics: STREAM_METRICS, sessions: STREAM_SESSIONS },
    reference: NO_HABITS,
  })
  expect(folded.failures).toEqual([])
  return folded
}

const basket = (minutes: number, lines: Record<string, number>, fields: Partial<OperatorEvent> = {}) =>
  order(at(minutes), {
    lines: { skus: Object.keys(lines), units: Object.values(lines), stocked: null },
    ...fields,
  })

test('every metric has a name of its own, and a window of whole panes shorter than a day', () => {
  const names = [...STREAM_METRICS, ...STREAM_SESSIONS].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, paneMs, windowMs } of STREAM_METRICS) {
    expect(windowMs % paneMs, name).toBe(0)
    expect(DAY_MS % paneMs, name).toBe(0)
    expect(windowMs, name).toBeLessThanOrEqual(DAY_MS)
  }
})

test('a window ends with the pane that is open, and slides with it', () => {
  expect(windowAt(productSales, at(17))).toEqual({ start: at(5), end: at(20) })
  expect(windowAt(productSales, at(20))).toEqual({ start: at(10), end: at(25) })
  expect(windowAt(productSales, at(17), HOUR_MS)).toEqual({ start: at(-40), end: at(20) })
})

test('a product counts once in an order, with all its units, in the five minutes of the sale', () => {
  const twice = order(at(1), { lines: { skus: ['tea', 'cup', 'tea'], units: [2, 1, 3], stocked: null } })
  const { panes } = fold([twice, basket(4, { tea: 1 }), basket(5, { tea: 1 })])
  expect(panes).toEqual([
    [`product_sales|berlin|${at(0)}|tea`, { documents: 2, units: 6, net: 0 }],
    [`product_sales|berlin|${at(0)}|cup`, { documents: 1, units: 1, net: 0 }],
    [`product_sales|berlin|${at(5)}|tea`, { documents: 1, units: 1, net: 0 }],
  ])
})

test('a void takes off what its order added, at its own time; returns and deliveries add nothing', () => {
  const { panes } = fold([
    basket(1, { tea: 2 }),
    basket(2, { tea: 2 }, { type: 'order.voided' }),
    basket(3, { tea: 2 }, { type: 'order.returned' }),
    basket(3, { tea: 9 }, { type: 'stock.received' }),
  ])
  expect(panes).toEqual([[`product_sales|berlin|${at(0)}|tea`, { documents: 0, units: 0, net: 0 }]])
})

const online = (minutes: number, fields: Partial<OperatorEvent> = {}) =>
  order(at(minutes), { channel: 'online', details: { session: 's-1' }, totalUnits: 2, ...fields })

test('orders of a web session are one session until half an hour passes; its customer stands in where none was sent', () => {
  const { sessions } = fold([
    online(0),
    online(30, { totalDiscounts: 10_000 }),
    online(61),
    online(61, { details: null, customer: 'c-1' }),
    online(62, { details: null, customer: 'c-1', currency: 'USD' }),
  ])
  expect(
    sessions.map(({ key, start, end, orders, units, net }) => [key, start, end, orders, units, net]),
  ).toEqual([
    ['s-1 EUR', at(0), at(30), 2, 4, 190_000],
    ['s-1 EUR', at(61), at(61), 1, 2, 100_000],
    ['c-1 EUR', at(61), at(61), 1, 2, 100_000],
    ['c-1 USD', at(62), at(62), 1, 2, 100_000],
  ])
})

test('a session that the watermark has passed by its gap is over: what comes late for it stands alone', () => {
  const { sessions } = fold([online(0), tick(at(45)), online(29)])
  expect(sessions.map(({ start, end, orders }) => [start, end, orders])).toEqual([
    [at(0), at(0), 1],
    [at(29), at(29), 1],
  ])
})

test('who orders at a till, or takes an order back, is in no session', () => {
  const { sessions } = fold([
    online(0, { channel: 'pos' }),
    online(1, { type: 'order.voided' }),
    online(2, { type: 'order.returned' }),
    online(3, { details: null }),
  ])
  expect(sessions).toEqual([])
})

test('of a backlog, what is past being kept is never handed to the tables', () => {
  const folded = new OperatorFold(
    { rules: [], metrics: [productSales], sessions: [onlineSessions] },
    { partition: 0, states: NO_STATES, reference: NO_HABITS },
  )
  for (const minutes of [0, 10])
    folded.read({ ...online(minutes), lines: basket(0, { tea: 1 }).lines }, new PartitionWatermark())
  const kept = at(10) + productSales.windowMs + PANES_KEPT_MS
  expect(folded.panesSince(null)).toHaveLength(2)
  expect(folded.panesSince(kept).map(({ paneStart }) => paneStart)).toEqual([at(10)])
  expect(folded.panesSince(kept + 1)).toEqual([])
  expect(folded.sessionsSince(at(10) + SESSIONS_KEPT_MS)).toHaveLength(1)
  expect(folded.sessionsSince(at(10) + SESSIONS_KEPT_MS + 1)).toEqual([])
})

test('a pane that was let go of stays gone, and those that are kept go on', () => {
  const sales = [0, 10, 1, 11].map(minutes => ({ ...online(minutes), lines: basket(0, { tea: 1 }).lines }))
  const newFold = () =>
    new OperatorFold(
      { rules: [], metrics: [productSales], sessions: [] },
      { partition: 0, states: NO_STATES, reference: NO_HABITS },
    )
  const kept = at(10) + productSales.windowMs + PANES_KEPT_MS
  const [whole, parted] = [newFold(), newFold()]
  sales.forEach((sale, index) => {
    whole.read(sale, new PartitionWatermark())
    if (index === 2) parted.forgetPanes(kept)
    parted.read(sale, new PartitionWatermark())
  })
  expect(parted.panesSince(kept)).toEqual(whole.panesSince(kept))
  expect(whole.panesSince(kept)).toMatchObject([{ paneStart: at(10), documents: 2, units: 2 }])
})
