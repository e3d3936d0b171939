import { describe, expect, test } from 'vitest'
import { shopsOf } from './stores.ts'
import { createWorld } from './world.ts'

describe('the stores of a world', () => {
  test('eight span four zones and three currencies at least, and every partition alike', () => {
    const shops = shopsOf(8)
    expect(new Set(shops.map(({ zone }) => zone)).size).toBeGreaterThanOrEqual(4)
    expect(new Set(shops.map(({ currency }) => currency)).size).toBeGreaterThanOrEqual(3)
    expect(shops.filter(({ channel }) => channel === 'online').length).toBe(1)
    const inPartition = (partition: number) => shops.filter(shop => shop.partition === partition).length
    expect([0, 1, 2, 3].map(inPartition)).toEqual([2, 2, 2, 2])
  })

  test('two of the smaller ones have tills that only write a journal', () => {
    const shops = shopsOf(8)
    const journals = shops.filter(({ input }) => input === 'journal')
    expect(journals.length).toBe(2)
    for (const { channel, size } of journals) {
      expect(channel).toBe('pos')
      expect(size).toBeLessThan(shops.reduce((sum, shop) => sum + shop.size, 0) / shops.length)
    }
  })

  test('the first four already span three zones, both channels and every partition', () => {
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
    const world = createWorld({ randomSeed: 1, stores: 8, ordersPerDay: 2_000 })
    for (const shop of world.shops) {
      const policies = world.policies.get(shop.id) ?? []
      expect(policies.length).toBe(world.products.length)
      for (const { reorderPoint, orderAt, orderUpTo } of policies) {
        expect(reorderPoint).toBeGreaterThan(0)
        expect(orderAt).toBeGreaterThan(reorderPoint)
        expect(orderUpTo).toBeGreaterThan(orderAt)
      }
    }
  })
})
