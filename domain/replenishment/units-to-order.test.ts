import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitsToOrder } from './policy.ts'

const need = { onHand: 3, onOrder: 0, reorderPoint: 5, orderUpTo: 20, packSize: 1 }

describe('what to order', () => {
  it('is up to the level of the policy', () => {
    expect(unitsToOrder(need)).toBe(17)
  })

  it('comes in whole packs, rounded up', () => {
    expect(unitsToOrder({ ...need, packSize: 6 })).toBe(18)
    expect(unitsToOrder({ ...need, packSize: 17 })).toBe(17)
  })

  it('is nothing while what is on order is enough', () => {
    expect(unitsToOrder({ ...need, onOrder: 3 })).toBe(0)
    expect(unitsToOrder({ ...need, onOrder: 2 })).toBe(15)
  })

  it('makes up for what was sold without being there', () => {
    expect(unitsToOrder({ ...need, onHand: -4 })).toBe(24)
  })

  it('is unknown where the policy names no level', () => {
    expect(unitsToOrder({ ...need, orderUpTo: null })).toBeNull()
  })

  it('always brings the position to the level, with less than a pack too much', () => {
    const units = fc.integer({ min: -50, max: 500 })
    fc.assert(
      fc.property(
        units,
        fc.nat(200),
        fc.nat(100),
        fc.nat(400),
        fc.integer({ min: 1, max: 48 }),
        (...drawn) => {
          const [onHand, onOrder, reorderPoint, above, packSize] = drawn
          const orderUpTo = reorderPoint + above
          const ordered = unitsToOrder({ onHand, onOrder, reorderPoint, orderUpTo, packSize }) ?? -1
          if (onHand + onOrder > reorderPoint) return ordered === 0
          const after = onHand + onOrder + ordered
          return ordered % packSize === 0 && after >= orderUpTo && after < orderUpTo + packSize
        },
      ),
    )
  })
})
