import { describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import type { ChangedPrice } from './changed-prices.ts'
import { demandOf } from './day-demand.ts'
import { sell } from './sales.ts'
import { demandAt, newShopState, openShop, type TradingShop, takePrices } from './shop-state.ts'
import { openingStock } from './stock.ts'

const NOON = Date.UTC(2026, 5, 10, 12)

function openBerlin(): TradingShop {
  const world = createWorld({ randomSeed: 1, stores: 8, ordersPerDay: 20_000 })
  const shop = world.shops[0]
  if (!shop) throw new Error('the world has no shop')
  const random = createRandom(1, 'prices')
  const trading = openShop({ world, shop, state: newShopState(world), random, series: 't' })
  openingStock(trading, NOON - HOUR_MS)
  return trading
}

/** The chocolate that sells best, with what is asked for it and how often it is wanted. */
function pickProduct(trading: TradingShop) {
  const demand = demandAt(trading, NOON)
  const isPlain = (index: number) => demand.discounts[index] === 0
  const index = trading.world.products.findIndex(({ sku }, place) => sku.startsWith('CH') && isPlain(place))
  const product = trading.world.products[index]
  if (!product) throw new Error('the world has no chocolate')
  return { index, ...product, price: demand.prices[index] ?? 0 }
}

const wanted = ({ sums }: { sums: Float64Array }, index: number) =>
  (sums[index] ?? 0) - (index === 0 ? 0 : (sums[index - 1] ?? 0))

function changeOf(trading: TradingShop, share: number, span: Partial<ChangedPrice> = {}): ChangedPrice {
  const { sku, price } = pickProduct(trading)
  return {
    ...{ store: trading.shop.id, sku, price: Math.round(price * share) },
    ...{ validFrom: NOON, validTo: NOON + HOUR_MS, ...span },
  }
}

/** Prices of a unit of the product in 4,000 orders from a time on. */
function sellAll(trading: TradingShop, from: number, sku: string): Set<number> {
  const lines = Array.from({ length: 4_000 }, (_, count) => sell(trading, from + count * 10, 'till-1'))
  return new Set(
    lines
      .flatMap(order => order?.lines ?? [])
      .filter(line => line.sku === sku && line.discount === undefined)
      .map(line => Math.round(Number(line.unitPrice) * 10_000)),
  )
}

describe('a price that somebody changed', () => {
  test('is what tills ask from its beginning until its end, and the list price before and after', () => {
    const trading = openBerlin()
    const { index, sku, price } = pickProduct(trading)
    const state = trading.state.onHand
    if (state) state[index] = 1_000_000
    takePrices(trading, [
      changeOf(trading, 0.7, { validFrom: NOON + 5 * MINUTE_MS, validTo: NOON + 20 * MINUTE_MS }),
    ])
    const asked = Math.round(price * 0.7)
    expect(sellAll(trading, NOON, sku)).toEqual(new Set([price]))
    expect(sellAll(trading, NOON + 5 * MINUTE_MS, sku)).toEqual(new Set([asked]))
    expect(demandAt(trading, NOON + 20 * MINUTE_MS - SECOND_MS).prices[index]).toBe(asked)
    expect(sellAll(trading, NOON + 20 * MINUTE_MS, sku)).toEqual(new Set([price]))
  })

  test('is wanted by the elasticity of its category: a price that fell as an offer, one that rose plainly', () => {
    const trading = openBerlin()
    const { index, category } = pickProduct(trading)
    const usual = wanted(demandAt(trading, NOON), index)
    takePrices(trading, [changeOf(trading, 0.7)])
    const fallen = wanted(demandAt(trading, NOON), index) / usual
    expect(fallen).toBeCloseTo(0.7 ** (-1.6 * category.elasticity), 1)
    takePrices(trading, [])
    takePrices(trading, [changeOf(trading, 1.2)])
    expect(wanted(demandAt(trading, NOON), index) / usual).toBeCloseTo(1.2 ** -category.elasticity, 2)
  })

  test('and an offer are not taken off one another: the lower is asked', () => {
    const { world, shop } = openBerlin()
    const offers = [{ title: 'Off', products: [0, 1], discount: 0.4 }]
    const day = '2026-06-10'
    const listed = demandOf(world, shop, { day, extra: offers }).prices
    const changed = new Map([
      [0, Math.round((listed[0] ?? 0) * 0.8)],
      [1, Math.round((listed[1] ?? 0) * 0.5)],
    ])
    const { prices, discounts } = demandOf(world, shop, { day, extra: offers, changed })
    const paid = [0, 1].map(index => (prices[index] ?? 0) * (1 - (discounts[index] ?? 0)))
    expect(paid[0]).toBeCloseTo(0.6 * (listed[0] ?? 0), 3)
    expect(paid[1]).toBeCloseTo(0.5 * (listed[1] ?? 0), -1)
  })

  test('of another store is none of this one', () => {
    const trading = openBerlin()
    const { index, price } = pickProduct(trading)
    takePrices(trading, [{ ...changeOf(trading, 0.7), store: 'elsewhere' }])
    expect(demandAt(trading, NOON).prices[index]).toBe(price)
  })
})
