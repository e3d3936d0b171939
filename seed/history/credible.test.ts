import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { DAY_MS } from '#domain/instant.ts'
import { parseAmount } from '#domain/money.ts'
import { createWorld } from '#seed/world/world.ts'
import { worldHistory } from './world-history.ts'

const world = createWorld({ randomSeed: 1, stores: 8, ordersPerDay: 4_000 })
const DAYS = 21

interface Played {
  /** Orders by store and business day. */
  orders: Map<string, number>
  /** Net by product, of stores that sell in one currency, as a part of all. */
  shares: number[]
}

function play(until: number): Played {
  const orders = new Map<string, number>()
  const net = new Map<string, number>()
  const stores = new Map(world.shops.map(shop => [shop.id, shop]))
  const history = worldHistory(world, { days: DAYS, until })
  for (;;) {
    const next = history.next()
    if (next.done) {
      const all = [...net.values()].reduce((sum, one) => sum + one, 0)
      return { orders, shares: [...net.values()].map(one => one / all) }
    }
    const { event } = next.value
    const shop = stores.get(event.store)
    if (event.type !== 'order.placed' || !shop) continue
    const key = `${event.store} ${businessDayOf(Date.parse(event.eventTime), shop)}`
    orders.set(key, (orders.get(key) ?? 0) + 1)
    if (shop.currency !== 'EUR') continue
    for (const { sku, units, unitPrice = '0', discount = '0' } of event.lines) {
      const amount = units * (parseAmount(unitPrice) ?? 0) - (parseAmount(discount) ?? 0)
      net.set(sku, (net.get(sku) ?? 0) + amount)
    }
  }
}

describe('a world one can believe, in the week of Black Friday', () => {
  const UNTIL = Date.UTC(2026, 10, 29, 15)
  let played: Played
  beforeAll(() => {
    played = play(UNTIL)
  })

  test('no product makes more than three percent of the sales', () => {
    expect(Math.max(...played.shares)).toBeLessThan(0.03)
  })
})

describe.each([
  ['autumn', Date.UTC(2026, 9, 14, 15)],
  ['summer', Date.UTC(2026, 7, 8, 11)],
])('a world one can believe, in an ordinary week of %s', (_, until) => {
  let played: Played
  beforeAll(() => {
    played = play(until)
  })

  test('no product makes more than three percent of the sales', () => {
    expect(Math.max(...played.shares)).toBeLessThan(0.03)
  })

  test('a day sells what the same weekday sold a week before, within a quarter', () => {
    const changes = [...played.orders].flatMap(([key, count]) => {
      const [store = '', day = ''] = key.split(' ')
      const before = played.orders.get(`${store} ${addDays(day, -7)}`)
      const isOver = day < new Date(until - DAY_MS).toISOString().slice(0, 10)
      return before === undefined || !isOver ? [] : [count / before]
    })
    expect(changes.length).toBeGreaterThan(80)
    const within = changes.filter(change => change > 0.75 && change < 1.25).length
    expect(within / changes.length).toBeGreaterThan(0.93)
    // Beyond chance: no day is another world.
    expect(Math.max(...changes)).toBeLessThan(1.6)
    expect(Math.min(...changes)).toBeGreaterThan(0.6)
  })
})
