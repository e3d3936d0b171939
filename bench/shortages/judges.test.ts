import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '#domain/instant.ts'
import { NOTHING_ORDERED } from '#domain/purchase.ts'
import { demandClock } from '#domain/replenishment/demand-clock.ts'
import { NO_SALES_PACE } from '#domain/replenishment/pace-of-sales.ts'
import { catalogueOf } from '#seed/world/catalogue.ts'
import { byCoveredReorderPoint, byLiveVerdict, byPlan, byReorderPoint, type Situation } from './judges.ts'

const NOON = Date.UTC(2026, 10, 18, 12)
const [product] = catalogueOf(1)
if (!product) throw new Error('there is no product')
const supplier = { ...product.supplier, leadTimeDays: 2, deliveryDays: [1, 2, 3, 4, 5, 6, 7] }

/** A shelf of goods that sell six a day, with what is on it and, where given, an order that comes after so many hours. */
function situation(onHand: number | null, comesAfter: number | null): Situation {
  const order = {
    ...{ ...NOTHING_ORDERED, ordered: 20, placedAt: NOON - DAY_MS },
    expectedAt: NOON + (comesAfter ?? 0) * HOUR_MS,
  }
  return {
    shelf: {
      ...{ store: 'berlin', sku: 'tea', onHand },
      orders: new Map(comesAfter === null ? [] : [['po', order]]),
      pace: NO_SALES_PACE,
    },
    product: { ...(product ?? catalogueOf(1)[0]), supplier } as Situation['product'],
    policy: { reorderPoint: 12, orderAt: 20, orderUpTo: 40 },
    clock: demandClock({ unitsByWeekday: [6, 6, 6, 6, 6, 6, 6], spread: 2.5 }),
    at: NOON,
    offsetMs: 0,
  }
}

describe('a shelf that is judged', () => {
  test('by its reorder point is short whatever is on its way, or not where that ends it', () => {
    expect(byReorderPoint.isShort(situation(12, 4), false)).toBe(true)
    expect(byReorderPoint.isShort(situation(13, null), false)).toBe(false)
    expect(byCoveredReorderPoint.isShort(situation(12, 4), false)).toBe(false)
    expect(byCoveredReorderPoint.isShort(situation(12, null), false)).toBe(true)
  })

  test.each([byPlan, byLiveVerdict({ opening: 0.7, closing: 0.4 })])(
    'by time is short only where nothing comes before it is empty: $name',
    judge => {
      // Four are gone by the evening and the rest in the morning; two days are twelve.
      expect(judge.isShort(situation(4, 4), false)).toBe(false)
      expect(judge.isShort(situation(4, 44), false)).toBe(true)
      expect(judge.isShort(situation(4, null), false)).toBe(true)
      expect(judge.isShort(situation(30, 44), false)).toBe(false)
      expect(judge.isShort(situation(null, null), false)).toBe(false)
    },
  )

  test('by risk stays so until it is clearly less likely', () => {
    const judge = byLiveVerdict({ opening: 0.7, closing: 0.4 })
    const uncertain = situation(11, 44)
    expect([judge.isShort(uncertain, false), judge.isShort(uncertain, true)]).toEqual([false, true])
  })

  test('of goods that the store keeps no more is never short', () => {
    const left = { ...situation(1, null), policy: null }
    for (const judge of [byReorderPoint, byPlan, byLiveVerdict({ opening: 0.7, closing: 0.4 })])
      expect(judge.isShort(left, false)).toBe(false)
  })
})
