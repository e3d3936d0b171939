import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { abcClasses, serviceLevelOf } from './abc.ts'
import { computePolicy, unitsToOrder } from './policy.ts'
import { normalQuantile } from './quantiles.ts'

describe('the computed policy', () => {
  const steady = {
    perDay: 100,
    spread: 20,
    memoryDays: Number.POSITIVE_INFINITY,
    leadTime: { meanDays: 3, spreadDays: 0 },
    waitDays: 1,
    serviceLevel: 0.95,
    packSize: 1,
  }

  test('of a fixed lead time and a known mean is that of the textbooks: μP + z·σ·√P', () => {
    expect(computePolicy(steady)).toEqual({
      reorderPoint: Math.ceil(400 + normalQuantile(0.95) * 20 * 2),
      orderUpTo: Math.ceil(400 + normalQuantile(0.95) * 20 * 2) + 700,
      safetyStock: 66,
    })
  })

  test('holds more where the lead time varies, the mean is little known, deliveries are seldom, or more is asked', () => {
    const { reorderPoint } = computePolicy(steady)
    for (const change of [
      { leadTime: { meanDays: 3, spreadDays: 1 } },
      { memoryDays: 10 },
      { waitDays: 4 },
      { serviceLevel: 0.98 },
    ]) {
      expect(computePolicy({ ...steady, ...change }).reorderPoint).toBeGreaterThan(reorderPoint)
    }
  })

  test('holds nothing of what does not sell, and one of what is seldom sold', () => {
    expect(computePolicy({ ...steady, perDay: 0, spread: 0 })).toEqual({
      reorderPoint: 0,
      orderUpTo: 1,
      safetyStock: 0,
    })
    const seldom = computePolicy({ ...steady, perDay: 0.05, spread: Math.sqrt(0.05), memoryDays: 100 })
    expect(seldom.reorderPoint).toBe(1)
  })

  test('an order is a pack at least, and what it brings is above the reorder point', () => {
    fc.assert(
      fc.property(
        fc.record({
          perDay: fc.double({ min: 0, max: 300, noNaN: true }),
          spread: fc.double({ min: 0, max: 100, noNaN: true }),
          memoryDays: fc.integer({ min: 1, max: 100 }),
          leadTime: fc.record({
            meanDays: fc.double({ min: 0, max: 30, noNaN: true }),
            spreadDays: fc.double({ min: 0, max: 10, noNaN: true }),
          }),
          waitDays: fc.integer({ min: 1, max: 7 }),
          serviceLevel: fc.constantFrom(0.9, 0.95, 0.98),
          packSize: fc.integer({ min: 1, max: 48 }),
        }),
        fc.nat(100),
        (request, below) => {
          const policy = computePolicy(request)
          expect(policy.orderUpTo).toBeGreaterThan(policy.reorderPoint)
          expect(policy.reorderPoint).toBeGreaterThanOrEqual(policy.safetyStock)
          const { packSize } = request
          const onHand = policy.reorderPoint - below
          const units = unitsToOrder({ onHand, onOrder: 0, ...policy, packSize }) ?? 0
          expect(units % packSize).toBe(0)
          expect(units).toBeGreaterThanOrEqual(packSize)
          expect(onHand + units).toBeGreaterThan(policy.reorderPoint)
        },
      ),
    )
  })
})

describe('classes by net sales', () => {
  test('a product is of the class in which its share begins', () => {
    // Of 100; before each, best first: 0, 50, 79, 93, 96, 98.
    expect(abcClasses([2, 50, 14, 29, 3, 2, 0, -5])).toEqual(['C', 'A', 'A', 'A', 'B', 'C', 'C', 'C'])
  })

  test('one product that sells it all is A; where nothing sells all is C', () => {
    expect(abcClasses([7])).toEqual(['A'])
    expect(abcClasses([0, 0])).toEqual(['C', 'C'])
  })

  test('what sells more is to be there more often', () => {
    expect((['A', 'B', 'C'] as const).map(serviceLevelOf)).toEqual([0.98, 0.95, 0.9])
  })
})
