import { describe, expect, test } from 'vitest'
import { shopsOf } from './stores.ts'
import { createWorld } from './world.ts'

describe('the stores of a world', () => {
  test('the first four span three zones, two currencies, both channels and every partition', () => {
    const shops = shopsOf(4)
    expect(new Set(shops.map(({ zone }) => zone)).size).toBeGreaterThanOrEqual(3)
    expect(new Set(shops.map(({ currency }) => currency)).size).toBeGreaterThanOrEqual(2)
    expect(shops.map(({ channel }) => channel)).toContain('online')
    expect(new Set(shops.map(({ partition }) => partition)).size).toBe(4)
  })

  test('more stores keep the ones before them, each with an id of its own', () => {
    expect(shopsOf(30).slice(0, 4)).toEqual(shopsOf(4))
    expect(new Set(shopsOf(30).map(({ id }) => id)).size).toBe(30)
  })

  test('every product has a policy in every store: it orders before it is short', () => {
    const world = createWorld({ randomSeed: 1, stores: 4, ordersPerDay: 2_000 })
    expect(world.products.length).toBe(500)
    expect(new Set(world.products.map(({ sku }) => sku)).size).toBe(500)
    for (const shop of world.shops) {
      const policies = world.policies.get(shop.id) ?? []
      expect(policies.length).toBe(500)
      for (const { reorderPoint, orderAt, orderUpTo } of policies) {
        expect(reorderPoint).toBeGreaterThan(0)
        expect(orderAt).toBeGreaterThan(reorderPoint)
        expect(orderUpTo).toBeGreaterThan(orderAt)
      }
    }
  })
})
