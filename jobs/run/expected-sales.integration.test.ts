import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { addDays } from '#domain/calendar.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { orderSizesOf } from '#domain/operators/habits.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { writeExpectedOrders, writeOrderSizes } from './expected-sales.ts'

/** A Monday. */
const TODAY = '2026-11-23'
const NOW = `${TODAY}T12:00:00Z`
const NOW_MS = Date.parse(NOW)
const FRIDAYS = ['2026-11-06', '2026-11-13', '2026-11-20']
const FRIDAY_AT_TEN = 4 * 24 + 10

let sold = 0

/** As many orders of a store in an hour from `at`, of that price each. */
async function sell(
  sql: Sql,
  at: string,
  { orders = 1, price = '10.00', store = 'berlin' } = {},
): Promise<void> {
  const events = Array.from({ length: orders }, (_, index) => {
    sold += 1
    const second = String(index % 60).padStart(2, '0')
    const where = { id: `o-${sold}`, at: at.replace(':00+', `:${second}+`), store }
    return placed(where, [{ sku: 'tea', units: 1, unitPrice: price }])
  })
  await appendTestEvents(
    sql,
    events.flatMap(event => toLogEvents(event)),
  )
}

async function expectedOf(sql: Sql): Promise<{ store: string; orders: number[]; minutesAhead: number }[]> {
  return sql`
    select store, orders, (extract(epoch from valid_from - clock_timestamp()) / 60)::double precision as "minutesAhead"
    from ref.expected_orders order by store, valid_from`
}

test('of three weeks by hand: the middle one of an hour, for live stores with two weeks behind them, from minutes ahead on', async () => {
  const { sql, runDue } = await createTestBatch()
  await sql`update ref.store_versions set input = 'journal' where store = 'new-york'`
  for (const [week, friday] of FRIDAYS.entries()) {
    await sell(sql, `${friday}T10:05:00+01:00`, { orders: [10, 50, 12][week] })
    await sell(sql, `${friday}T10:05:00-05:00`, { store: 'new-york' })
  }
  await sell(sql, `${addDays(TODAY, -13)}T10:05:00+05:30`, { store: 'kolkata' })
  await sell(sql, `${TODAY}T10:05:00+01:00`, { orders: 7 })
  await runDue(NOW)
  expect(await writeExpectedOrders(sql, NOW_MS)).toBe(1)
  const [habit, ...others] = await expectedOf(sql)
  expect(others).toEqual([])
  expect(habit?.store).toBe('berlin')
  expect(habit?.orders.flatMap((orders, hour) => (orders > 0 ? [[hour, orders]] : []))).toEqual([
    [FRIDAY_AT_TEN, 12],
  ])
  expect(habit?.minutesAhead).toBeGreaterThan(3)
})

test('what has not changed is not written again; what has is written beside the version before it', async () => {
  const { sql, runDue } = await createTestBatch()
  for (const friday of FRIDAYS) await sell(sql, `${friday}T10:05:00+01:00`, { orders: 2 })
  await runDue(NOW)
  const write = async () => [await writeExpectedOrders(sql, NOW_MS), await writeOrderSizes(sql, NOW_MS)]
  expect(await write()).toEqual([1, 1])
  expect(await write()).toEqual([0, 0])
  for (const friday of FRIDAYS) await sell(sql, `${friday}T10:30:00+01:00`, { orders: 3 })
  await runDue(NOW)
  expect(await write()).toEqual([1, 1])
  const versions = await expectedOf(sql)
  expect(versions.map(({ orders }) => orders[FRIDAY_AT_TEN])).toEqual([2, 5])
  const documents = await sql`select documents from ref.order_sizes order by valid_from`
  expect(documents.map(row => row.documents)).toEqual([6, 15])
})

test('sizes of orders are those of the domain, by the class of hours that the clock shows before and after it is set', async () => {
  const { sql } = await createTestBatch()
  const prices = ['3.00', '5.00', '8.00', '13.00', '2000.00']
  for (const [index, price] of prices.entries()) {
    // A quarter to ten by the clock, in summer time and in winter time.
    await sell(sql, index % 2 === 0 ? '2026-10-23T09:45:00+02:00' : '2026-10-27T09:45:00+01:00', { price })
  }
  await sell(sql, '2026-10-27T10:15:00+01:00', { price: '100.00' })
  // Longer ago than eight weeks, and of another store.
  await sell(sql, '2026-09-20T09:45:00+02:00', { price: '1.00' })
  await sell(sql, '2026-11-20T09:45:00+05:30', { price: '700.00', store: 'kolkata' })
  await writeOrderSizes(sql, NOW_MS)
  const rows = await sql<
    {
      store: string
      hourClass: number
      median: number
      spread: number
      documents: number
      isAhead: boolean
    }[]
  >`
    select store, hour_class as "hourClass", median, spread, documents,
      valid_from >= clock_timestamp() + make_interval(secs => ${(3 * MINUTE_MS) / 1_000}::integer) as "isAhead"
    from ref.order_sizes order by store, hour_class`
  expect(rows.map(({ store, hourClass, documents }) => [store, hourClass, documents])).toEqual([
    ['berlin', 0, 5],
    ['berlin', 1, 1],
    ['kolkata', 0, 1],
  ])
  const sizes = orderSizesOf(prices.map(price => Math.log(Number(price) * 10_000)))
  expect(rows[0]?.median).toBeCloseTo(sizes?.median ?? 0, 10)
  expect(rows[0]?.spread).toBeCloseTo(sizes?.spread ?? 0, 10)
  expect(rows.every(({ isAhead }) => isAhead)).toBe(true)
})
