import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  NOTHING_ORDERED,
  openUnits,
  type PurchaseLine,
  purchaseEffects,
  unitsOverDelivered,
} from './purchase.ts'

const line = (ordered: number, cancelled: number, received: number): PurchaseLine => ({
  ordered,
  cancelled,
  received,
})

describe('what is open of an order', () => {
  test.each([
    ['nothing has come', line(10, 0, 0), 10, 0],
    ['a part has come', line(10, 0, 4), 6, 0],
    ['the rest is cancelled after a part has come', line(10, 6, 4), 0, 0],
    ['more has come than was ordered', line(10, 0, 12), 0, 2],
    ['it comes though it was cancelled', line(10, 10, 10), 0, 10],
    ['more is cancelled than was ordered', line(10, 12, 0), 0, 0],
    ['the order was never seen', line(0, 0, 24), 0, 24],
    ['only its cancellation was seen', line(0, 5, 0), 0, 0],
  ])('%s', (_, given, open, over) => {
    expect([openUnits(given), unitsOverDelivered(given)]).toEqual([open, over])
  })

  test('is never below zero, and units are open or over-delivered, not both', () => {
    const units = fc.nat(1_000)
    fc.assert(
      fc.property(units, units, units, (ordered, cancelled, received) => {
        const given = line(ordered, cancelled, received)
        expect(openUnits(given)).toBeGreaterThanOrEqual(0)
        expect(Math.min(openUnits(given), unitsOverDelivered(given))).toBe(0)
        expect(received + openUnits(given) - unitsOverDelivered(given)).toBe(Math.max(0, ordered - cancelled))
      }),
    )
  })

  test('is nothing of nothing', () => {
    expect([openUnits(NOTHING_ORDERED), unitsOverDelivered(NOTHING_ORDERED)]).toEqual([0, 0])
  })
})

describe('a delivery', () => {
  const lines = { skus: ['tea', 'freight'], units: [3, 1], stocked: [true, false] }

  test('that names an order is of it; codes that hold no stock are not waited for', () => {
    expect(purchaseEffects({ type: 'stock.received', details: { purchaseOrderId: 'p-1' }, lines })).toEqual([
      { purchaseOrder: 'p-1', sku: 'tea', kind: 'received', units: 3 },
    ])
  })

  test('without one touches none, and a count that names one neither', () => {
    expect(purchaseEffects({ type: 'stock.received', details: null, lines })).toEqual([])
    expect(purchaseEffects({ type: 'stock.counted', details: { purchaseOrderId: 'p-1' }, lines })).toEqual([])
  })
})
