import { describe, expect, test } from 'vitest'
import { addDays } from '#domain/calendar.ts'
import { demandOf } from '#seed/shop/day-demand.ts'
import { expectedOrders, hourlyDemand } from './demand.ts'
import { promotionsOn } from './promotions.ts'
import { isBlackFriday, type Season, seasonOf, tradeOf, weatherOf } from './seasons.ts'
import { createWorld } from './world.ts'

const YEAR = Array.from({ length: 365 }, (_, index) => addDays('2026-01-01', index))
const world = createWorld({ randomSeed: 4, stores: 8, ordersPerDay: 2_000 })
const shopOf = (id: string) => {
  const shop = world.shops.find(shop => shop.id === id)
  if (!shop) throw new Error(`no shop ${id}`)
  return shop
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('demand', () => {
  test('over a year is what was asked for, in every store', () => {
    for (const shop of world.shops) {
      const orders = mean(YEAR.map(day => expectedOrders(world, shop, day)))
      expect(orders / ((2_000 * shop.size) / world.totalSize), shop.id).toBeCloseTo(1, 1)
    }
  })

  test('is higher on a Saturday in a store, and on a Sunday on the web', () => {
    const on = (store: string, weekday: number) =>
      mean(
        YEAR.filter(day => new Date(`${day}T00:00:00Z`).getUTCDay() === weekday).map(day =>
          expectedOrders(world, shopOf(store), day),
        ),
      )
    expect(on('berlin-mitte', 6) / on('berlin-mitte', 1)).toBeGreaterThan(1.5)
    expect(on('web-shop', 0) / on('web-shop', 5)).toBeGreaterThan(1.1)
  })

  test('in a store peaks on the way home, on a weekend at midday, on the web in the evening', () => {
    const peak = (store: string, day: string) => {
      const shop = shopOf(store)
      const hours = hourlyDemand(shop, day)
      return shop.opens + hours.indexOf(Math.max(...hours))
    }
    expect([
      peak('berlin-mitte', '2026-11-19'),
      peak('berlin-mitte', '2026-11-21'),
      peak('web-shop', '2026-11-19'),
    ]).toEqual([18, 11, 20])
  })

  test('follows the seasons: ice-cold drinks in summer, half a year apart in the south, gifts at Christmas', () => {
    for (const season of ['even', 'warm', 'cool', 'spring', 'christmas'] satisfies Season[]) {
      for (const isSouthern of [false, true]) {
        expect(mean(YEAR.map(day => seasonOf(season, day, isSouthern)))).toBeCloseTo(1, 1)
      }
    }
    expect(seasonOf('warm', '2026-07-15', false)).toBeGreaterThan(2 * seasonOf('warm', '2026-01-15', false))
    expect(seasonOf('warm', '2026-01-15', true)).toBeCloseTo(seasonOf('warm', '2026-07-15', false), 5)
    expect(seasonOf('christmas', '2026-12-15', true)).toBe(seasonOf('christmas', '2026-12-15', false))
    expect(tradeOf('pos', '2026-12-23')).toBeGreaterThan(1.5)
    expect(tradeOf('pos', '2026-12-25')).toBeLessThan(0.5)
    expect(YEAR.filter(isBlackFriday)).toEqual(['2026-11-27'])
  })

  test('moves with a weather that lasts: neighbouring days are alike, weeks apart are not', () => {
    const days = YEAR.map(day => weatherOf(4, 'Europe/Berlin', day))
    const correlation = (lag: number) =>
      mean(days.slice(lag).map((value, index) => value * (days[index] ?? 0))) / mean(days.map(v => v * v))
    expect(correlation(1)).toBeGreaterThan(0.45)
    expect(Math.abs(correlation(20))).toBeLessThan(0.25)
    expect(weatherOf(4, 'Europe/London', '2026-05-05')).not.toBe(weatherOf(4, 'Europe/Berlin', '2026-05-05'))
  })

  test('for what is on promotion is higher, and it is cheaper, from Monday to Sunday in every store', () => {
    const promotions = promotionsOn(4, '2026-11-16')
    expect(promotions.length).toBeGreaterThan(0)
    expect(promotionsOn(4, '2026-11-19')).toEqual(promotions)
    expect(promotionsOn(4, '2026-11-09')).not.toEqual(promotions)
    const [product = 0] = promotions.at(-1)?.products ?? []
    for (const shop of world.shops) {
      const before = demandOf(world, shop, { day: '2026-11-15', extra: [] })
      const during = demandOf(world, shop, { day: '2026-11-16', extra: [] })
      const share = ({ sums }: typeof during) => (sums[product] ?? 0) - (sums[product - 1] ?? 0)
      expect(during.discounts[product]).toBeGreaterThan(before.discounts[product] ?? 0)
      expect(share(during), shop.id).toBeGreaterThan(1.2 * share(before))
    }
  })

  test('is lower where the price is higher than listed', () => {
    const ratios = world.shops.flatMap(shop => {
      const { sums, prices, discounts, lives } = demandOf(world, shop, { day: '2026-06-10', extra: [] })
      return world.products.flatMap((product, index) => {
        const level = (prices[index] ?? 0) / (product.listPrice * shop.priceFactor)
        const wanted = (sums[index] ?? 0) - (sums[index - 1] ?? 0)
        const ordinary =
          product.popularity *
          (lives[index] ?? 0) *
          seasonOf(product.category.season, '2026-06-10', shop.isSouthern)
        return discounts[index] === 0 ? [{ level, ratio: wanted / ordinary }] : []
      })
    })
    const meanWhere = (isWanted: (level: number) => boolean) =>
      mean(ratios.flatMap(({ level, ratio }) => (isWanted(level) ? [ratio] : [])))
    expect(meanWhere(level => level > 1.06)).toBeLessThan(0.95)
    expect(meanWhere(level => level < 0.94)).toBeGreaterThan(1.05)
  })
})
