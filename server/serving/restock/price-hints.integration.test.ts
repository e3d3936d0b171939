import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { restockScopeSchema } from './alerts.ts'
import { readPriceHints } from './price-hints.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await sql`insert into ref.products (sku, name) values ('tea', 'Green tea')`
  await sql`insert into ref.suppliers values ('smith', 'Smith')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    values ('tea', '2026-01-01Z', 'smith', 10000, 'EUR', 2)`
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values ('JPY', 'EUR', '2026-01-01', 0.006)`
  // Of 40 EUR, of 3 EUR in yen, and of 10 EUR.
  const hints = [
    { store: 'berlin', sku: 'tea', currency: 'EUR', units: 40, cost: 10_000 },
    { store: 'tokyo', sku: 'tea', currency: 'JPY', units: 5, cost: 1_000_000 },
    { store: 'berlin', sku: 'jam', currency: 'EUR', units: 10, cost: 10_000 },
  ]
  for (const { store, sku, currency, units, cost } of hints) {
    await sql`
      insert into batch.price_hints (store, sku, kind, business_day, on_hand, demand_per_day, days_of_cover, currency, price,
        unit_cost, hint_price, elasticity, elasticity_deviation, offers, units_to_clear, discount, discount_today, units,
        units_low, units_high, clears, run_id)
      values (${store}, ${sku}, 'dead', '2026-11-19', ${units}, 0, null, ${currency}, ${3 * cost}, ${cost}, ${2 * cost}, 2, 0.3,
        4, ${units}, 0.35, 0.3, ${units}, 3, ${units}, true, 7)`
  }
})
afterAll(() => database.drop())

const read = (scope: object = {}) => readPriceHints(database.sql, restockScopeSchema.parse(scope))
const namesOf = ({ hints }: Awaited<ReturnType<typeof read>>) =>
  hints.map(({ store, sku }) => `${store}/${sku}`)

describe('price hints on the page', () => {
  test('come with most money first, whatever the currency, and with the run that they are of', async () => {
    const answer = await read()
    expect(namesOf(answer)).toEqual(['berlin/tea', 'berlin/jam', 'tokyo/tea'])
    expect(answer).toMatchObject({ total: 3, basis: { runId: 7, businessDay: '2026-11-19' } })
    expect(answer.hints[0]).toMatchObject({
      ...{ productName: 'Green tea', kind: 'dead', daysOfCover: null, price: '3.0000', hintPrice: '2.0000' },
      ...{ discount: 0.35, discountToday: 0.3, unitsLow: 3, clears: true },
    })
  })

  test('are narrowed to stores and to a supplier', async () => {
    expect(namesOf(await read({ stores: ['tokyo'] }))).toEqual(['tokyo/tea'])
    expect(namesOf(await read({ supplier: 'smith' }))).toEqual(['berlin/tea', 'tokyo/tea'])
    expect(await read({ stores: ['rome'] })).toEqual({ hints: [], total: 0, basis: null })
  })
})
