import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  afterPurchase,
  NOTHING_ORDERED,
  openUnits,
  type PurchaseUnits,
  purchaseEffects,
  unitsOverDelivered,
} from './purchase.ts'

const line = (ordered: number, cancelled: number, received: number): PurchaseUnits => ({
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

describe('an order that is placed', () => {
  const placed = (units: number, supplier: string, expectedAt: number | null) =>
    ({ kind: 'ordered', units, supplier, expectedAt }) as const
  const first = { effect: placed(4, 'leaf', 500), at: 100 }
  const second = { effect: placed(2, 'clay', 700), at: 200 }

  test.each([
    ['in order', [first, second]],
    ['the other way round', [second, first]],
  ])('is known since its first placement, and goes by the word of its newest: %s', (_, events) => {
    const line = events.reduce((known, { effect, at }) => afterPurchase(known, effect, at), NOTHING_ORDERED)
    expect(line).toMatchObject({
      ordered: 6,
      placedAt: 100,
      saidAt: 200,
      supplier: 'clay',
      expectedAt: 700,
    })
  })

  test('is confirmed since the supplier first said so, and comes when it said last; no unit is ordered by that', () => {
    const confirmed = { kind: 'confirmed', units: 4, supplier: 'leaf', expectedAt: 800 } as const
    const events = [
      [first.effect, 100],
      [{ ...confirmed, expectedAt: 900 }, 150],
      [confirmed, 120],
    ] as const
    const line = events.reduce((known, [effect, at]) => afterPurchase(known, effect, at), NOTHING_ORDERED)
    expect(line).toMatchObject({ ordered: 4, placedAt: 100, confirmedAt: 120, saidAt: 150, expectedAt: 900 })
  })

  test('takes no date from what is cancelled or comes', () => {
    const line = afterPurchase(NOTHING_ORDERED, first.effect, first.at)
    for (const kind of ['cancelled', 'received'] as const) {
      const after = afterPurchase(line, { kind, units: 1, supplier: 'clay', expectedAt: 900 }, 300)
      expect(after).toMatchObject({ [kind]: 1, placedAt: 100, supplier: 'leaf', expectedAt: 500 })
    }
  })

  test('says nothing of a date that its newest placement leaves out', () => {
    const line = afterPurchase(
      afterPurchase(NOTHING_ORDERED, first.effect, 100),
      placed(1, 'leaf', null),
      150,
    )
    expect(line.expectedAt).toBeNull()
  })
})

describe('a delivery', () => {
  const lines = { skus: ['tea', 'freight'], units: [3, 1], stocked: [true, false] }

  test('that names an order is of it; codes that hold no stock are not waited for', () => {
    expect(purchaseEffects({ type: 'stock.received', details: { purchaseOrderId: 'p-1' }, lines })).toEqual([
      { purchaseOrder: 'p-1', sku: 'tea', kind: 'received', units: 3, supplier: null, expectedAt: null },
    ])
  })

  test('without one touches none, and a count that names one neither', () => {
    expect(purchaseEffects({ type: 'stock.received', details: null, lines })).toEqual([])
    expect(purchaseEffects({ type: 'stock.counted', details: { purchaseOrderId: 'p-1' }, lines })).toEqual([])
  })
})
