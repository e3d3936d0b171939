import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hintOf, type StockToClear } from './markdown.ts'

const ELASTICITY = { mean: 2, deviation: 0.3, offers: 8 }
const STOCK: StockToClear = {
  ...{ onHand: 60, demandPerDay: 1, soldRecently: 28, isKept: true },
  ...{ price: 100_000, unitCost: 40_000 },
}

describe('a price hint', () => {
  test('is the least step that clears what is left of goods that the store keeps no more', () => {
    // 28 × 0.7^−2 = 57 units at 30% off, 28 × 0.65^−2 = 66 at 35%.
    const hint = hintOf({ ...STOCK, isKept: false }, ELASTICITY)
    expect(hint).toMatchObject({
      kind: 'leaving',
      unitsToClear: 60,
      discount: 0.35,
      price: 65_000,
      clears: true,
    })
    expect(hint?.units).toBe(60)
    expect(hint?.unitsLow).toBeCloseTo(28 * 0.65 ** -(2 - 1.2815515655 * Math.hypot(0.3, 0.5)), 3)
    // All of it at once would teach customers to wait.
    expect(hint?.discountToday).toBe(0.3)
  })

  test('of too much asks for what lies beyond 45 days of sales', () => {
    expect(hintOf({ ...STOCK, onHand: 90 }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, onHand: 91 }, ELASTICITY)).toMatchObject({
      ...{ kind: 'overstocked', unitsToClear: 46, discount: 0.25, clears: true },
      daysOfCover: 91,
    })
  })

  test('of goods that nobody buys counts half a unit, and says when cost allows no more', () => {
    expect(hintOf({ ...STOCK, demandPerDay: 0, soldRecently: 0 }, ELASTICITY)).toMatchObject({
      ...{ kind: 'dead', discount: 0.6, price: 40_000, clears: false, daysOfCover: null },
    })
    expect(hintOf({ ...STOCK, demandPerDay: 0, soldRecently: 0 }, ELASTICITY)?.units).toBeCloseTo(
      0.5 * 0.4 ** -2,
      6,
    )
  })

  test('takes seven tenths off at most, however little it has cost', () => {
    expect(hintOf({ ...STOCK, isKept: false, onHand: 5_000, unitCost: 100 }, ELASTICITY)).toMatchObject({
      ...{ discount: 0.7, price: 30_000, clears: false },
    })
  })

  test('is none where it sells in time anyway, or price or cost is not known, or there is no margin', () => {
    expect(hintOf({ ...STOCK, onHand: 20, isKept: false }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, isKept: false, price: null }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, isKept: false, unitCost: null }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, isKept: false, unitCost: 98_000 }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, isKept: false, unitCost: 120_000 }, ELASTICITY)).toBeNull()
    expect(hintOf({ ...STOCK, onHand: 0 }, ELASTICITY)).toBeNull()
  })

  test('never goes below cost, promises no more than lies there, and has its bounds around it', () => {
    const drawn = fc.record({
      onHand: fc.integer({ min: -5, max: 5_000 }),
      demandPerDay: fc.double({ min: 0, max: 50, noNaN: true }),
      soldRecently: fc.integer({ min: 0, max: 500 }),
      isKept: fc.boolean(),
      price: fc.integer({ min: 1, max: 10_000_000 }),
      unitCost: fc.integer({ min: 0, max: 10_000_000 }),
    })
    fc.assert(
      fc.property(drawn, fc.double({ min: -1, max: 6, noNaN: true }), (stock, mean) => {
        const hint = hintOf(stock, { mean, deviation: 0.5, offers: 3 })
        if (hint === null) return
        expect(hint.price).toBeGreaterThanOrEqual(stock.unitCost)
        expect(hint.price).toBeLessThan(stock.price)
        expect(hint.units).toBeLessThanOrEqual(stock.onHand)
        expect(hint.unitsLow).toBeLessThanOrEqual(hint.units)
        expect(hint.unitsHigh).toBeGreaterThanOrEqual(hint.units)
        expect(hint.discountToday).toBeLessThanOrEqual(hint.discount)
      }),
    )
  })
})
