import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { formatAmount } from '#domain/money.ts'
import { placed, returned, voided } from '#domain/testing/events.ts'
import { EXAMPLE_STORES, EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import { windowStartOf } from '#domain/window.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { type LiveBoard, readLiveBoard, storeClockOf } from './live-board.ts'

/** A sale as the test knows it, without any of the system's reckoning. Amounts in 1/10,000. */
interface Sold {
  store: string
  at: Instant
  sku: string
  orders: number
  units: number
  net: number
}

let database: TestDatabase
let board: LiveBoard
const sold: Sold[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  const paths = await createTestPaths(database.sql)
  await database.sql`update ref.store_versions set input = 'journal' where store = 'berlin-west'`
  const random = numbers(inject('randomSeed'))
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  const now = Date.now()
  // Dense around the moments that matter: now, and the like moment a week ago.
  const ages = [20 * MINUTE_MS, 3 * HOUR_MS, 20 * HOUR_MS]
  const events: SentEvent[] = Array.from({ length: 600 }, (_, index) => {
    const weeks = pick([0, 0, 1, 1, 2])
    const { id: store } = pick(EXAMPLE_STORES)
    // The file of the journal store ends an hour ago.
    const unsent = weeks === 0 && store === 'berlin-west' ? HOUR_MS : 0
    const at = now - weeks * 7 * DAY_MS - Math.floor(random() * pick(ages)) - unsent - 1_000
    return saleOf(index, {
      store,
      at,
      sku: `sku-${Math.floor(random() * 14)}`,
      units: 1 + Math.floor(random() * 3),
    })
  })
  await paths.send(events)
  await paths.stream()
  board = await readLiveBoard(database.sql, [])
})
afterAll(() => database.drop())

/** Every seventh is a void, every ninth a return; every other line states its amount, which no unit price gives. */
function saleOf(index: number, sale: { store: string; at: Instant; sku: string; units: number }): SentEvent {
  const { store, at, sku, units } = sale
  const where = { id: `e-${index}`, at: formatInstant(at), store }
  const price = 1_0000 + index * 7
  const amount = index % 2 === 0 ? units * price + 1 : null
  const stated = amount === null ? { unitPrice: formatAmount(price) } : { amount: formatAmount(amount) }
  const line = { sku, units, ...stated, discount: '0.25' }
  const net = (amount ?? units * price) - 2_500
  if (index % 7 === 3) {
    sold.push({ store, at, sku, orders: -1, units: -units, net: -net })
    return voided({ ...where, orderId: 'o' }, [line])
  }
  if (index % 9 === 4) {
    sold.push({ store, at, sku, orders: 0, units: 0, net: -12_500 })
    return returned(where, [{ sku, units, refund: '1.25' }])
  }
  sold.push({ store, at, sku, orders: 1, units, net })
  return placed(where, [line])
}

/** A linear congruential generator: enough to scatter sales. */
function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function clockOf(store: string) {
  const calendar = EXAMPLE_STORES_BY_ID.get(store)
  if (!calendar) throw new Error(`no store ${store}`)
  return storeClockOf(board.now, calendar)
}

function sumOf(sales: readonly Sold[]): { net: string; orders: number } {
  return {
    net: formatAmount(sales.reduce((sum, { net }) => sum + net, 0)),
    orders: sales.reduce((sum, { orders }) => sum + orders, 0),
  }
}

/** A store that has sold nothing in either day has no row: in the hour after its day began, one that sends files. */
function rowOf(store: string): Omit<LiveBoard['sales'][number], 'store' | 'currency'> {
  const { net, orders } = sumOf([])
  const nothing = { settledNet: net, settledOrders: orders, weekAgoNet: net, weekAgoOrders: orders }
  return board.sales.find(sales => sales.store === store) ?? { ...nothing, weekAgoMinutesNet: net }
}

describe('the board of the live page', () => {
  it('has of today what the socket no longer tells, to the cent', () => {
    for (const { id: store } of EXAMPLE_STORES) {
      const { dayStart } = clockOf(store)
      const settled = sold.filter(
        sale => sale.store === store && sale.at >= dayStart && windowStartOf(sale.at) < board.settledBefore,
      )
      const { settledNet: net, settledOrders: orders } = rowOf(store)
      expect({ store, net, orders }).toEqual({ store, ...sumOf(settled) })
    }
  })

  it('has the like day a week ago up to the like moment, of a journal store as far as its file goes', () => {
    for (const { id: store } of EXAMPLE_STORES) {
      const { weekAgo, dayStart } = clockOf(store)
      const own = sold.filter(sale => sale.store === store)
      const lastMinute = Math.max(...own.map(({ at }) => windowStartOf(at))) + MINUTE_MS
      const sent = weekAgo.dayStart + Math.max(0, lastMinute - dayStart)
      const before = store === 'berlin-west' ? Math.min(weekAgo.moment, sent) : weekAgo.moment
      const compared = own.filter(
        ({ at }) =>
          at >= weekAgo.dayStart && windowStartOf(at) < before && at < weekAgo.dayStart + DAY_MS + HOUR_MS,
      )
      const { weekAgoNet: net, weekAgoOrders: orders } = rowOf(store)
      expect({ store, net, orders }).toEqual({ store, ...sumOf(compared) })
    }
  })

  it('has the 15 minutes before the like moment', () => {
    for (const { id: store } of EXAMPLE_STORES.filter(({ id }) => id !== 'berlin-west')) {
      const { weekAgo } = clockOf(store)
      const end = windowStartOf(weekAgo.moment)
      const minutes = sold.filter(
        ({ at, ...sale }) =>
          sale.store === store && at >= Math.max(weekAgo.dayStart, end - 15 * MINUTE_MS) && at < end,
      )
      expect({ store, net: rowOf(store).weekAgoMinutesNet }).toEqual({ store, net: sumOf(minutes).net })
    }
  })

  it('knows when each store sold last, and whether it used to sell at this time of day', async () => {
    for (const { store, lastWindowStart, usuallyOpen } of board.stores) {
      const own = sold.filter(sale => sale.store === store).map(({ at }) => windowStartOf(at))
      expect({ store, lastWindowStart }).toEqual({ store, lastWindowStart: Math.max(...own) })
      expect(usuallyOpen).toBe(true)
    }
    await database.sql`
      with added as (insert into ref.stores (store, name, partition) values ('new', 'New', 0) returning store)
      insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
      select store, 'Europe/Berlin', 4, 'EUR', true, 'pos', 'live' from added`
    const { stores } = await readLiveBoard(database.sql, ['new'])
    expect(stores).toMatchObject([{ store: 'new', lastWindowStart: null, usuallyOpen: null }])
  })

  it('names its basis, and how far behind it is', () => {
    expect(board.basis).toMatchObject({
      generation: 1,
      rulesVersion: RULES_VERSION,
      watermark: expect.any(Number),
    })
    expect(Object.keys(board.basis.through)).toHaveLength(4)
    expect(board.knownUpTo).toBe(board.now)
    expect(board.stores.every(({ isWeekAgoOnFile }) => isWeekAgoOnFile)).toBe(true)
    // Sold, never counted: of none of it a shortage could be told.
    expect(board.stock).toMatchObject({ known: 0, unknown: expect.any(Number) })
  })
})
