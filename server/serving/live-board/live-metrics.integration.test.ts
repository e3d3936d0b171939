import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { placed, toLogEvents, voided } from '#domain/testing/events.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { readBasketPairs } from './basket-pairs.ts'
import { readOnlineSessions } from './online-sessions.ts'
import { readTopProducts } from './top-products.ts'

/** An order as the test knows it, without any of the system's reckoning. */
interface Basket {
  store: string
  at: Instant
  sign: 1 | -1
  lines: { sku: string; units: number }[]
}

const CATEGORIES = ['Drinks', 'Ware', null]
const baskets: Basket[] = []
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`insert into ref.products ${sql(
    Array.from({ length: 14 }, (_, index) => ({
      sku: `sku-${index}`,
      name: index === 13 ? null : `Product ${index}`,
      category: categoryOf(`sku-${index}`),
    })),
  )}`
  const random = seededRandom(inject('randomSeed'))
  const below = (limit: number) => Math.floor(random() * limit)
  const now = Date.now()
  const events = Array.from({ length: 400 }, (_, index): LogEvent[] => {
    const store = EXAMPLE_STORES[below(EXAMPLE_STORES.length)]?.id ?? 'berlin'
    const at = now - below(random() < 0.5 ? 20 * MINUTE_MS : 2 * HOUR_MS) - 1_000
    const lines = Array.from({ length: 1 + below(4) }, () => ({
      sku: `sku-${below(14)}`,
      units: 1 + below(3),
    }))
    const where = { id: `e-${index}`, at: formatInstant(at), store }
    const priced = lines.map(line => ({ ...line, unitPrice: '2.50' }))
    baskets.push({ store, at, lines, sign: index % 7 === 3 ? -1 : 1 })
    return toLogEvents(
      index % 7 === 3 ? voided({ ...where, orderId: 'o' }, priced) : placed(where, priced),
      index % 11 === 0 ? { class: 'bulk' } : {},
    )
  }).flat()
  // Sessions come first: what came behind sales of now would be late, and each order a session of its own.
  await appendTestEvents(sql, [...webOrders(now), ...events])
  await runStream()
})
afterAll(() => database.drop())

function categoryOf(sku: string): string | null {
  return CATEGORIES[Number(sku.slice(4)) % CATEGORIES.length] ?? null
}

/** Two sessions in Berlin, one of two orders; one that is long over; a customer without a session; one in dollars. */
function webOrders(now: Instant): LogEvent[] {
  const order = (id: string, minutesAgo: number, fields: object, store = 'berlin') => {
    const at = now - minutesAgo * MINUTE_MS
    baskets.push({ store, at, sign: 1, lines: [{ sku: 'tea', units: 2 }] })
    return toLogEvents({
      ...placed({ id, at: formatInstant(at), store }, [{ sku: 'tea', units: 2, unitPrice: '2.50' }]),
      channel: 'online',
      ...fields,
    } as Parameters<typeof toLogEvents>[0])
  }
  return [
    order('w-1', 55, { session: 's-1' }),
    order('w-2', 40, { session: 's-1' }),
    order('w-3', 10, { session: 's-2' }),
    order('w-4', 100, { session: 's-3' }),
    order('w-5', 5, { customer: 'c-1' }),
    order('w-6', 5, { session: 's-4' }, 'new-york'),
  ].flat()
}

async function runStream(): Promise<void> {
  const { code, stderr } = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  if (code !== 0) throw new Error(stderr)
}

/** Units and orders by sku, or by another name of it. */
function sums(
  stores: readonly string[],
  { start, end }: { start: Instant; end: Instant },
  by = (sku: string) => sku,
) {
  const found = new Map<string, { orders: number; units: number }>()
  for (const { store, at, sign, lines } of baskets) {
    if ((stores.length > 0 && !stores.includes(store)) || at < start || at >= end) continue
    for (const name of new Set(lines.map(({ sku }) => by(sku)))) {
      const units = lines.filter(({ sku }) => by(sku) === name).reduce((sum, line) => sum + line.units, 0)
      const known = found.get(name) ?? { orders: 0, units: 0 }
      found.set(name, { orders: known.orders + sign, units: known.units + sign * units })
    }
  }
  return [...found].filter(([, { units }]) => units > 0)
}

test.each([15, 60])(
  'the best sellers of %i minutes are what the baskets of the window hold',
  async minutes => {
    for (const stores of [[], ['new-york'], ['berlin', 'kolkata']]) {
      const { products, window } = await readTopProducts(database.sql, { stores, minutes })
      const expected = sums(stores, window)
        .sort(([a, one], [b, two]) => two.units - one.units || two.orders - one.orders || (a < b ? -1 : 1))
        .slice(0, 10)
        .map(([sku, { orders, units }]) => ({ sku, orders, units }))
      expect(products.map(({ sku, orders, units }) => ({ sku, orders, units }))).toEqual(expected)
      expect(products.length).toBeGreaterThan(5)
    }
  },
)

test('a window ends with the five minutes that are open, and says so', async () => {
  const { window, now, basis } = await readTopProducts(database.sql, { stores: [], minutes: 15 })
  expect(window.end - window.start).toBe(15 * MINUTE_MS)
  expect(window.end % (5 * MINUTE_MS)).toBe(0)
  expect(window.end).toBeGreaterThan(now)
  expect(window.end - now).toBeLessThanOrEqual(5 * MINUTE_MS)
  expect(Object.keys(basis.through)).toHaveLength(4)
})

test('how fast a product sells is told over what has passed of the window, with the store where it sells fastest', async () => {
  const { products, window, now } = await readTopProducts(database.sql, { stores: [], minutes: 60 })
  const hours = (now - window.start) / HOUR_MS
  for (const { sku, units, unitsAnHour, fastest } of products) {
    expect(unitsAnHour).toBeCloseTo(units / hours)
    const byStore = EXAMPLE_STORES.map(({ id }) => ({
      store: id,
      units: sums([id], window).find(([name]) => name === sku)?.[1].units ?? 0,
    }))
    const most = Math.max(...byStore.map(store => store.units))
    expect(fastest.unitsAnHour).toBeCloseTo(most / hours)
    expect(byStore.filter(store => store.units === most).map(({ store }) => store)).toContain(fastest.store)
  }
})

test('categories are those the catalogue has now, with their share', async () => {
  const { categories, window } = await readTopProducts(database.sql, { stores: [], minutes: 60 })
  const byCategory = sums([], window, sku => (sku === 'tea' ? 'null' : String(categoryOf(sku))))
  const all = byCategory.reduce((sum, [, { units }]) => sum + units, 0)
  expect(categories.map(({ category, units, share }) => [String(category), units, share.toFixed(6)])).toEqual(
    byCategory
      .sort(([a, one], [b, two]) => two.units - one.units || (a < b ? -1 : 1))
      .map(([name, { units }]) => [name, units, (units / all).toFixed(6)]),
  )
  const { products } = await readTopProducts(database.sql, { stores: [], minutes: 60 })
  expect(products.find(({ sku }) => sku === 'sku-1')?.name ?? 'Product 1').toBe('Product 1')
})

test('sessions of the last hour are told in their currency: how many, which are open, what they ordered', async () => {
  const { newest, ...told } = await readOnlineSessions(database.sql, { stores: [], currency: 'EUR' })
  expect(told).toMatchObject({
    sessions: 3,
    open: 2,
    orderingAgain: 1,
    orders: 4,
    units: 8,
    net: '20.0000',
  })
  expect(
    newest.map(({ orders, net, isOpen, end, start }) => [orders, net, isOpen, (end - start) / MINUTE_MS]),
  ).toEqual([
    [1, '5.0000', true, 0],
    [1, '5.0000', true, 0],
    [2, '10.0000', false, 15],
  ])
  const dollars = await readOnlineSessions(database.sql, { stores: ['new-york'], currency: 'USD' })
  expect(dollars).toMatchObject({ sessions: 1, net: '5.0000' })
  expect(await readOnlineSessions(database.sql, { stores: ['kolkata'], currency: 'EUR' })).toMatchObject({
    sessions: 0,
    newest: [],
  })
})

test('pairs are the products that stood in one order, placed less voided, of the last hour', async () => {
  for (const stores of [[], ['berlin']]) {
    const answer = await readBasketPairs(database.sql, { stores })
    const counts = new Map<string, number>()
    let several = 0
    for (const { store, at, sign, lines } of baskets) {
      if ((stores.length > 0 && !stores.includes(store)) || at < answer.since) continue
      const skus = [...new Set(lines.map(({ sku }) => sku))].sort()
      if (skus.length > 1) several += sign
      for (const [index, first] of skus.entries())
        for (const second of skus.slice(index + 1))
          counts.set(`${first} ${second}`, (counts.get(`${first} ${second}`) ?? 0) + sign)
    }
    const expected = [...counts]
      .filter(([, orders]) => orders > 1)
      .sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
      .slice(0, 8)
    expect(answer.pairs.map(({ skus, orders }) => [skus.join(' '), orders])).toEqual(expected)
    expect(answer.pairs.length).toBeGreaterThan(3)
    expect(answer.baskets).toBe(several)
    expect(answer.onlySince).toBeNull()
  }
})

test('only what the stream has read is told', async () => {
  const { sql } = database
  const before = await readTopProducts(sql, { stores: ['berlin'], minutes: 15 })
  const at = formatInstant(Date.now())
  await appendTestEvents(
    sql,
    toLogEvents(placed({ id: 'new', at }, [{ sku: 'new', units: 5_000, unitPrice: '1' }])),
  )
  const unread = await readTopProducts(sql, { stores: ['berlin'], minutes: 15 })
  expect(unread.products.map(({ sku }) => sku)).not.toContain('new')
  expect(unread.basis.through).toEqual(before.basis.through)
  await runStream()
  const read = await readTopProducts(sql, { stores: ['berlin'], minutes: 15 })
  expect(read.products[0]).toMatchObject({ sku: 'new', name: null, orders: 1, units: 5_000 })
})
