import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { WORKED_EXAMPLES } from '#domain/examples/all-examples.ts'
import type { WorkedExample } from '#domain/examples/worked-example.ts'
import { formatAmount } from '#domain/money.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { connectForRuns } from './ledger/claims.ts'
import { runWanted } from './run/run-wanted.ts'

const AFTER_ALL_EXAMPLES = Date.parse('2027-01-01T00:00:00Z')

describe.each(WORKED_EXAMPLES)('$title', example => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
    await addTestStores(database.sql, EXAMPLE_STORES)
    await appendTestEvents(
      database.sql,
      example.events.flatMap(event => toLogEvents(event)),
    )
    const runs = connectForRuns(database.url)
    const { sets, blocked } = await runWanted(runs, {
      wanted: { kind: 'due' },
      trigger: 'schedule',
      now: () => AFTER_ALL_EXAMPLES,
    })
    await runs.end()
    expect(sets.flatMap(set => set.failed)).toEqual([])
    expect(blocked).toEqual([])
  })
  afterAll(() => database.drop())

  if (example.daily) test('by business day', () => expectDaily(database, example))
  if (example.hourly) test('by hour', () => expectHourly(database, example))
  if (example.inventory) test('in the inventory', () => expectInventory(database, example))
  if (example.stock) test('as closing stock', () => expectStock(database, example))
})

async function expectDaily({ sql }: TestDatabase, example: WorkedExample): Promise<void> {
  const rows = await sql`
    select store, business_day as "businessDay", orders, units, gross, discounts, returns,
      gross - discounts - returns as net, return_documents as "returnDocuments",
      units_returned as "unitsReturned", customers
    from batch.daily_sales order by store, business_day`
  const money = (amount: unknown) => formatAmount(Number(amount))
  const actual = rows.map(row => ({
    ...row,
    gross: money(row.gross),
    discounts: money(row.discounts),
    returns: money(row.returns),
    net: money(row.net),
  }))
  expect(actual).toEqual(sorted(example.daily ?? [], day => `${day.store} ${day.businessDay}`))
}

async function expectHourly({ sql }: TestDatabase, example: WorkedExample): Promise<void> {
  const rows = await sql<{ hourStart: number; gross: number }[]>`
    select store, business_day as "businessDay", hour_start as "hourStart", orders, gross
    from batch.hourly_sales order by store, hour_start`
  const actual = rows.map(row => ({
    ...row,
    hourStart: new Date(row.hourStart).toISOString().replace('.000Z', 'Z'),
    gross: formatAmount(row.gross),
  }))
  expect(actual).toEqual(sorted(example.hourly ?? [], hour => `${hour.store} ${hour.hourStart}`))
}

async function expectInventory({ sql }: TestDatabase, example: WorkedExample): Promise<void> {
  const rows = await sql`
    select store, business_day as "businessDay", sku, opening, received, sold, returned, adjusted, transferred,
      count_correction as "countCorrection", closing
    from batch.daily_inventory order by store, business_day, sku`
  expect([...rows]).toEqual(
    sorted(example.inventory ?? [], row => `${row.store} ${row.businessDay} ${row.sku}`),
  )
}

async function expectStock({ sql }: TestDatabase, example: WorkedExample): Promise<void> {
  for (const { store, sku, onHand } of example.stock ?? []) {
    const [row] = await sql<{ closing: number }[]>`
      select closing from batch.daily_inventory where store = ${store} and sku = ${sku}
      order by business_day desc limit 1`
    expect(row?.closing ?? null).toBe(onHand)
  }
}

function sorted<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}
