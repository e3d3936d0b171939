import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#domain/instant.ts'
import { LOG_START, type LogEvent } from '#domain/log-event.ts'
import { NO_SHELVES } from '#domain/replenishment/shelf-reference.ts'
import { counted, movement, sale, toLogEvents } from '#domain/testing/events.ts'
import { asRecords, foldLog } from '#server/stream/testing/fold-log.ts'
import { neededLookbacks } from './lookback.ts'
import { StockFold } from './stock.ts'
import { type KnownStocks, type StockState, unknownStock } from './stock-state.ts'

const NOON = Date.UTC(2026, 2, 2, 12)
const at = (minutes: number) => NOON + minutes * MINUTE_MS

function stockAfter(events: LogEvent[], batchSize = 1): StockState | undefined {
  return foldLog(asRecords(events, NOON), { batchSizes: [batchSize] }).stock.get('berlin/tea')
}

describe('stock on hand', () => {
  test('a count stands for everything before it, also what arrives after it', () => {
    const state = stockAfter([movement('stock.counted', at(0), 10), sale(at(10), 3), sale(at(-10), 2)])
    expect(state).toMatchObject({ onHand: 7, anchorKind: 'count', anchorTime: NOON, anchorOffset: 1 })
  })

  test('a sale at the very instant of a count is in the count, one a millisecond later is not', () => {
    expect(stockAfter([movement('stock.counted', NOON, 10), sale(NOON, 3)])?.onHand).toBe(10)
    expect(stockAfter([movement('stock.counted', NOON, 10), sale(NOON + 1, 3)])?.onHand).toBe(7)
  })

  test('a count that arrives after later sales takes them along, from this batch and from the log', () => {
    const events = [sale(at(5), 1), sale(at(6), 2), movement('stock.counted', at(0), 10), sale(at(7), 4)]
    for (const batchSize of [1, 2, 3, 4]) expect(stockAfter(events, batchSize)?.onHand).toBe(3)
  })

  test('without a count the earliest receipt opens the stock, and sales at its instant count', () => {
    const events = [
      sale(at(-1), 5),
      sale(at(0), 1),
      movement('stock.received', at(0), 10),
      movement('stock.received', at(3), 20),
    ]
    for (const batchSize of [1, 2, 4])
      expect(stockAfter(events, batchSize)).toMatchObject({
        onHand: 29,
        anchorKind: 'opening',
        anchorTime: NOON,
      })
  })

  test('an earlier receipt that arrives later moves the opening back', () => {
    const events = [
      sale(at(-2), 1),
      movement('stock.received', at(0), 10),
      movement('stock.received', at(-3), 5),
    ]
    for (const batchSize of [1, 2, 3]) expect(stockAfter(events, batchSize)?.onHand).toBe(14)
  })

  test('any count outranks every opening', () => {
    const events = [movement('stock.received', at(0), 10), movement('stock.counted', at(-5), 2)]
    expect(stockAfter(events)?.onHand).toBe(12)
  })

  test('of two counts of one instant the one that arrived last stands', () => {
    expect(stockAfter([movement('stock.counted', NOON, 4), movement('stock.counted', NOON, 6)])?.onHand).toBe(
      6,
    )
  })

  test('units on order rise with a purchase and fall when it is cancelled or received', () => {
    const events = [
      movement('purchase.placed', at(0), 30),
      movement('purchase.cancelled', at(1), 10),
      movement('stock.received', at(2), 15, { purchase: 'p-1' }),
    ]
    expect(stockAfter(events)).toMatchObject({ onOrder: 5, onHand: 15 })
  })

  test('are told order by order: an over-delivery of one hides nothing that another owes', () => {
    const events = [
      movement('purchase.placed', at(0), 10, { purchase: 'p-1' }),
      movement('purchase.placed', at(0), 10, { purchase: 'p-2' }),
      movement('stock.received', at(1), 15, { purchase: 'p-1' }),
      movement('stock.received', at(1), 100),
    ]
    expect(stockAfter(events)).toMatchObject({ onOrder: 10, onHand: 115 })
  })

  test('are the same in any order of arrival, and never below zero on the way', () => {
    const events = [
      movement('purchase.placed', at(0), 30, { purchase: 'p-1' }),
      movement('purchase.cancelled', at(1), 10, { purchase: 'p-1' }),
      movement('stock.received', at(2), 15, { purchase: 'p-1' }),
      movement('purchase.cancelled', at(0), 4, { purchase: 'p-2' }),
      movement('stock.received', at(0), 7, { purchase: 'p-3' }),
    ]
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        (order, size) => {
          for (let count = 1; count <= order.length; count += 1)
            expect(stockAfter(order.slice(0, count), size)?.onOrder).toBeGreaterThanOrEqual(0)
          expect(stockAfter(order, size)?.onOrder).toBe(5)
        },
      ),
    )
  })

  test('a product that one count names twice lies in two places: both add up', () => {
    const [count] = toLogEvents(
      counted({ id: 'twice', at: new Date(NOON).toISOString() }, [
        { sku: 'tea', units: 4 },
        { sku: 'milk', units: 1 },
        { sku: 'tea', units: 6 },
      ]),
    )
    expect(stockAfter(count ? [count, sale(at(1), 3)] : [])?.onHand).toBe(7)
  })

  test('the states before a batch are left as they were', () => {
    const before = Object.freeze({
      ...unknownStock(NOON),
      onHand: 5,
      anchorKind: 'count',
      anchorTime: NOON,
    } as const)
    const known: KnownStocks = new Map([
      ['berlin', new Map([['tea', { sku: 'tea', state: before, policies: [], forecasts: [] }]])],
    ])
    const input = {
      partition: 0,
      known,
      lookbacks: new Map(),
      purchases: new Map(),
      due: [],
      shelves: NO_SHELVES,
    }
    const fold = new StockFold()
    fold.read(asRecords([sale(at(1), 2)], NOON), input, Float64Array.of(NOON))
    expect(fold.touched.map(({ before: was, after }) => [was?.onHand, after.onHand])).toEqual([[5, 3]])
  })
})

describe('looking back into the log', () => {
  function lookbacks(state: Partial<StockState> | null, event: LogEvent) {
    const known: KnownStocks = new Map([
      [
        'berlin',
        new Map([
          [
            'tea',
            { sku: 'tea', state: state && { ...unknownStock(NOON), ...state }, policies: [], forecasts: [] },
          ],
        ]),
      ],
    ])
    return neededLookbacks(asRecords([event], LOG_START.appendedAt), known)
  }

  test('is not needed for a count after everything that moved, nor for the first event of a sku', () => {
    expect(lookbacks({ maxDeltaTime: at(0) }, movement('stock.counted', at(0), 5))).toEqual([])
    expect(lookbacks(null, movement('stock.counted', at(0), 5))).toEqual([])
  })

  test('is needed for a count before something that moved', () => {
    expect(lookbacks({ maxDeltaTime: at(1) }, movement('stock.counted', at(0), 5))).toEqual([
      { store: 'berlin', sku: 'tea', after: at(0), inclusive: false },
    ])
  })

  test('is not needed for a count older than the one that stands', () => {
    const state = { maxDeltaTime: at(9), anchorKind: 'count', anchorTime: at(3) } as const
    expect(lookbacks(state, movement('stock.counted', at(0), 5))).toEqual([])
  })

  test('is needed for a receipt only where it opens the stock', () => {
    const receipt = movement('stock.received', at(0), 5)
    expect(lookbacks({ maxDeltaTime: at(0) }, receipt)).toEqual([
      { store: 'berlin', sku: 'tea', after: at(0), inclusive: true },
    ])
    const opened = { maxDeltaTime: at(5), anchorKind: 'opening', anchorTime: at(-1) } as const
    expect(lookbacks(opened, receipt)).toEqual([])
    expect(lookbacks({ ...opened, anchorKind: 'count' }, receipt)).toEqual([])
  })
})
