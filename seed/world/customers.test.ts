import { describe, expect, test } from 'vitest'
import { drawCustomer } from './customers.ts'
import { createRandom } from './random.ts'
import { createWorld } from './world.ts'

const world = createWorld({ randomSeed: 2, stores: 8, ordersPerDay: 2_000 })

function visits({ hour, count = 5_000 }: { hour: number; count?: number }): Map<string, number> {
  const random = createRandom(2, 'visits', String(hour))
  const counts = new Map<string, number>()
  for (let visit = 0; visit < count; visit += 1) {
    const { id } = drawCustomer(world, random, { home: 0, hour })
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

describe('customers', () => {
  test('come back, some often and most seldom', () => {
    const counts = [...visits({ hour: 10 }).values()].sort((left, right) => right - left)
    expect(counts[0]).toBeGreaterThan(8)
    expect(counts.filter(count => count === 1).length / counts.length).toBeGreaterThan(0.3)
  })

  test('shop in a store of theirs', () => {
    const own = [...visits({ hour: 10 })].filter(([id]) => /^c-1\d{6}$/.test(id))
    expect(own.reduce((sum, [, count]) => sum + count, 0) / 5_000).toBeGreaterThan(0.8)
  })

  test('keep to their part of the day', () => {
    const evening = visits({ hour: 19 })
    const morning = [...visits({ hour: 9 })].sort(([, left], [, right]) => right - left).slice(0, 50)
    const inTheEvening = morning.reduce((sum, [id]) => sum + (evening.get(id) ?? 0), 0)
    expect(inTheEvening).toBeLessThan(morning.reduce((sum, [, count]) => sum + count, 0) / 2)
  })

  test('always come for the same', () => {
    const random = createRandom(2, 'favourites')
    const favourites = new Map<string, number>()
    for (let visit = 0; visit < 2_000; visit += 1) {
      const { id, favourite } = drawCustomer(world, random, { home: 3, hour: 20 })
      expect(favourites.get(id) ?? favourite).toBe(favourite)
      favourites.set(id, favourite)
    }
    expect(new Set(favourites.values()).size).toBe(20)
  })
})
