import { describe, expect, test } from 'vitest'
import { HOUR_MS } from '#domain/instant.ts'
import { worldHistory } from '#seed/history/world-history.ts'
import { demandAt, newShopState, openShop } from '#seed/shop/shop-state.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import { BUSY_ORDERS_PER_MINUTE, busyPace, ordinaryPaceOf } from './pace.ts'

const world = createWorld({ randomSeed: 3, stores: 8, ordersPerDay: 8_000 })
/** Midnight in UTC at the end of a Thursday. */
const UNTIL = Date.UTC(2026, 5, 12)

function openTrading(index: number) {
  const shop = world.shops[index]
  if (!shop) throw new RangeError(`there is no shop ${index}`)
  const random = createRandom(1, 'pace', shop.id)
  return openShop({ world, shop, state: newShopState(world), random, series: 't' })
}

describe('the ordinary pace', () => {
  test.each(world.shops.map(({ id }, index) => [id, index] as const))(
    'of %s adds up to the demand of its day',
    (_, index) => {
      const trading = openTrading(index)
      const { opening, orders } = demandAt(trading, UNTIL)
      const byHour = Array.from(
        { length: 24 },
        (_, hour) => 60 * ordinaryPaceOf(trading, opening + hour * HOUR_MS + 1),
      )
      expect(byHour.reduce((sum, count) => sum + count, 0)).toBeCloseTo(orders, 6)
      // Closed before and after.
      if (trading.shop.channel === 'pos') expect(ordinaryPaceOf(trading, opening - HOUR_MS)).toBe(0)
    },
  )

  test('is that of the history, hour by hour: nothing changes where the one ends and the other begins', () => {
    const sold = new Map<string, number>()
    for (const { event } of worldHistory(world, { days: 2, until: UNTIL })) {
      if (event.type !== 'order.placed') continue
      const key = `${event.store} ${Math.floor(Date.parse(event.eventTime) / HOUR_MS)}`
      sold.set(key, (sold.get(key) ?? 0) + 1)
    }
    let [chi, compared] = [0, 0]
    for (const [index, shop] of world.shops.entries()) {
      if (shop.input === 'journal') continue
      const trading = openTrading(index)
      for (let hour = UNTIL - 24 * HOUR_MS; hour < UNTIL; hour += HOUR_MS) {
        const expected = 60 * ordinaryPaceOf(trading, hour + HOUR_MS / 2)
        if (expected < 10) continue
        const count = sold.get(`${shop.id} ${hour / HOUR_MS}`) ?? 0
        chi += (count - expected) ** 2 / expected
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(60)
    // Counts are Poisson around the pace: the sum of their squared deviations is about their number.
    expect(chi / compared).toBeLessThan(1.6)
  })

  test('while a scenario plays, all shops together sell a number of orders that one can watch', () => {
    const pace = busyPace([0, 0.5, 1.5])
    expect(pace).toEqual([0, BUSY_ORDERS_PER_MINUTE / 4, (BUSY_ORDERS_PER_MINUTE * 3) / 4])
    expect(busyPace([100, 20])).toEqual([100, 20])
    expect(busyPace([0, 0])).toEqual([0, 0])
  })
})
