import { describe, expect, test } from 'vitest'
import { customerRecords, drawCustomer } from './customers.ts'
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

  test('buy in one city, and on the web: nobody stands at tills of two', () => {
    const random = createRandom(2, 'cities')
    const cities = new Map<string, string>()
    const onTheWeb = new Set<number>()
    const { shops } = createWorld({ randomSeed: 2, stores: 16, ordersPerDay: 4_000 })
    for (let visit = 0; visit < 20_000; visit += 1) {
      const home = visit % shops.length
      const { id } = drawCustomer({ ...world, shops }, random, { home, hour: 12 })
      if (shops[home]?.channel === 'online') onTheWeb.add(Math.floor(Number(id.slice(2)) / 1_000_000))
      else cities.set(id, cities.get(id) ?? String(shops[home]?.zone))
      if (shops[home]?.channel === 'pos') expect(cities.get(id)).toBe(shops[home]?.zone)
    }
    expect(onTheWeb.size).toBe(shops.length)
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

describe('what shops have on file of customers', () => {
  test('has everybody who can stand at a till, once, by name', async () => {
    const records = await customerRecords(world)
    const known = new Map(records.map(record => [record.customer, record.name]))
    expect(known.size).toBe(records.length)
    const random = createRandom(2, 'everybody')
    const nameless = Array.from({ length: 20_000 }, (_, visit) =>
      drawCustomer(world, random, { home: visit % 8, hour: visit % 24 }),
    ).filter(({ id }) => !/\S \S/.test(known.get(id) ?? ''))
    expect(nameless).toEqual([])
  })

  test('is the same whatever the pace and the number of stores, and other people with another seed', async () => {
    const first = (records: readonly { customer: string; name: string }[]) => records.slice(0, 200)
    const small = await customerRecords(createWorld({ randomSeed: 2, stores: 1, ordersPerDay: 100 }))
    expect(first(small)).toEqual(first(await customerRecords(world)))
    const others = await customerRecords(createWorld({ randomSeed: 3, stores: 1, ordersPerDay: 100 }))
    expect(first(others)).not.toEqual(first(small))
  })

  test('has the address of those who order on the web, in their own country', async () => {
    const webShop = world.shops.findIndex(({ channel }) => channel === 'online') + 1
    const records = await customerRecords(world)
    const ordersOnTheWeb = ({ customer }: { customer: string }) => customer.startsWith(`c-${webShop}`)
    expect(records.filter(record => ordersOnTheWeb(record) !== (record.address !== null))).toEqual([])
    const german = records.filter(
      ({ address }) => address?.country === 'DE' && /^\d{5}$/.test(address.postcode),
    )
    expect(german).toEqual(records.filter(ordersOnTheWeb))
  })
})
