import { describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { productsOfCategory } from '#seed/world/promotions.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import { sell } from './sales.ts'
import { beginFlashPromotion, demandAt, newShopState, openShop, type TradingShop } from './shop-state.ts'
import { openingStock } from './stock.ts'

const NOON = Date.UTC(2026, 5, 10, 12)
const CHOCOLATE = 6

function openBerlin(): TradingShop {
  const world = createWorld({ randomSeed: 1, stores: 8, ordersPerDay: 20_000 })
  const shop = world.shops[0]
  if (!shop) throw new Error('the world has no shop')
  const random = createRandom(1, 'flash')
  const trading = openShop({ world, shop, state: newShopState(world), random, series: 't' })
  openingStock(trading, NOON - HOUR_MS)
  return trading
}

/** Lines of chocolate, and those of them at half price, in 600 orders from a time on. */
function sellChocolate(trading: TradingShop, from: number): { lines: number; halved: number } {
  const lines = Array.from({ length: 600 }, (_, count) =>
    sell(trading, from + count * SECOND_MS, 'till-1'),
  ).flatMap(order => order?.lines.filter(({ sku }) => sku.startsWith('CH')) ?? [])
  const halved = lines.filter(
    ({ units, unitPrice, discount }) => Number(discount ?? 0) > 0.45 * units * Number(unitPrice),
  )
  return { lines: lines.length, halved: halved.length }
}

describe('a flash promotion', () => {
  test('sells more of its goods, at its price, until it ends', () => {
    const trading = openBerlin()
    const before = sellChocolate(trading, NOON)
    const promotion = { title: 'Half price', products: productsOfCategory(CHOCOLATE), discount: 0.5 }
    const begin = NOON + 15 * MINUTE_MS
    const usual = demandAt(trading, begin).orders
    beginFlashPromotion(trading, { until: begin + 10 * MINUTE_MS, promotion })
    const lift = demandAt(trading, begin).orders / usual
    const during = sellChocolate(trading, begin)
    const after = sellChocolate(trading, begin + 10 * MINUTE_MS)
    expect(lift).toBeGreaterThan(1.1)
    expect(during.lines).toBeGreaterThan(2 * before.lines)
    expect(during.halved).toBe(during.lines)
    expect(after.lines).toBeLessThan(during.lines / 2)
    expect(after.halved).toBeLessThan(after.lines / 4)
  })
})
