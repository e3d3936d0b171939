import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addDays } from '#domain/calendar.ts'
import { writePriceHints } from './price-hints.ts'

const TODAY = '2026-11-20'
const DAYS = Array.from({ length: 60 }, (_, index) => addDays(TODAY, index - 60))
/** Twice as busy as others: its sales are no sign of what an offer did. */
const BUSY_DAY = '2026-11-10'
const OFFER = { from: '2026-11-07', to: '2026-11-13' }

let database: TestDatabase

/** Sixty days of a store that sells 10 a day, on offer 16, and twice of all on one day. */
async function sellTea(): Promise<void> {
  const { sql } = database
  for (const day of DAYS) {
    const busy = day === BUSY_DAY ? 2 : 1
    const isOffer = day >= OFFER.from && day <= OFFER.to
    const sold = [
      { sku: 'tea', units: busy * (isOffer ? 16 : 10), price: 40_000 },
      { sku: 'honey', units: busy * 20, price: 50_000 },
      { sku: 'mugs', units: day < '2026-10-01' ? 2 : 0, price: 100_000 },
      { sku: 'cocoa', units: busy, price: 30_000 },
    ]
    for (const { sku, units, price } of sold.filter(one => one.units > 0)) {
      await sql`
        insert into batch.daily_product_sales
        values (${day}, 'berlin', 'pos', ${sku}, 'EUR', ${units}, ${units * price}, 0, 0, 0, 1)`
    }
  }
}

async function shelve(store: string, sku: string, closing: number): Promise<void> {
  await database.sql`
    insert into batch.daily_inventory
    values ('2026-11-19', ${store}, ${sku}, 0, ${closing}, 0, 0, 0, 0, 0, ${closing}, 0, 1)`
}

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await sql`insert into ref.stores (store, name, partition) values ('berlin', 'Berlin', 0), ('tokyo', 'Tokyo', 1)`
  await sql`
    insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input) values
      ('berlin', 'Europe/Berlin', 4, 'EUR', true, 'pos', 'live'), ('tokyo', 'Asia/Tokyo', 4, 'JPY', true, 'pos', 'live')`
  await sql`
    insert into ref.products (sku, name, category) values ('tea', 'Tea', 'Hot drinks'), ('cocoa', 'Cocoa', 'Hot drinks'),
      ('honey', 'Honey', 'Preserves'), ('mugs', 'Mugs', 'Tableware')`
  await sql`insert into ref.suppliers values ('smith', 'Smith')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    select sku, '2026-01-01Z', 'smith', cost, 'EUR', 2
    from (values ('tea', 20000), ('cocoa', 12000), ('honey', 30000), ('mugs', 45000)) as given(sku, cost)`
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values ('JPY', 'EUR', '2026-01-01', 0.006)`
  await sql`
    insert into ref.promotions (promotion, title, first_day, last_day, discount, skus)
    values ('tea', 'Tea', ${OFFER.from}, ${OFFER.to}, 0.2, '{tea}'), ('all', 'Great day', ${BUSY_DAY}, ${BUSY_DAY}, null, null)`
  await sellTea()
  await shelve('berlin', 'tea', 100)
  await shelve('berlin', 'honey', 2_400)
  await shelve('berlin', 'mugs', 12)
  await shelve('berlin', 'cocoa', 40)
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    values ('berlin', 'cocoa', '2026-01-01Z', 5, 20), ('berlin', 'cocoa', '2026-11-18Z', 0, 0)`
  await writePriceHints(sql, { today: TODAY, runId: 7 })
})
afterAll(() => database.drop())

interface Hint {
  store: string
  sku: string
  kind: string
  elasticity: string
  demand_per_day: string
}
/** From the cut-over of one day to that of another. */
async function changePrice(sku: string, from: string, to: string | null): Promise<void> {
  await database.sql`
    insert into ref.prices (store, sku, valid_from, valid_to, price, said_at, "offset", source, id)
    values ('berlin', ${sku}, ${`${from}T04:00:00+01:00`}, ${to && `${to}T04:00:00+01:00`}, 15000, now(), 1, 'office', 'p-1')`
}

/** Four times as much at half the price. */
async function sellAtHalf(sku: string, from: string, to: string): Promise<void> {
  await database.sql`
    update batch.daily_product_sales set units = 4 * units, gross = 2 * gross
    where sku = ${sku} and business_day between ${from} and ${to}`
}

async function sellAsBefore(sku: string, from: string, to: string): Promise<void> {
  await database.sql`
    update batch.daily_product_sales set units = units / 4, gross = gross / 2
    where sku = ${sku} and business_day between ${from} and ${to}`
}

const hints = () => database.sql<Hint[]>`select * from reports.price_hints order by store, sku`

describe('the nightly price hints', () => {
  test('name what is dead, what is too much and what is to leave, and nothing that sells', async () => {
    expect((await hints()).map(({ sku, kind }) => `${sku} ${kind}`)).toEqual([
      'cocoa leaving',
      'honey overstocked',
      'mugs dead',
    ])
  })

  test('know what goods sell on a day in the mean: one that is busy lately is no sign of more demand', async () => {
    const [cocoa, honey] = await hints()
    // 61 in 60 days, whatever the last 28 of them were.
    expect(Number(cocoa?.demand_per_day)).toBeCloseTo(61 / 60, 1)
    expect(Number(honey?.demand_per_day)).toBeCloseTo((20 * 61) / 60, 0)
  })

  test('learn the elasticity of a category from its offers, whatever else was going on', async () => {
    const [cocoa, honey] = await hints()
    // 16 for 10 at 20% off is ln 1.6 / −ln 0.8 = 2.11, and the prior draws it up a little.
    expect(Number(cocoa?.elasticity)).toBeGreaterThan(2.08)
    expect(Number(cocoa?.elasticity)).toBeLessThan(2.25)
    expect(cocoa).toMatchObject({ offers: 1 })
    expect(honey).toMatchObject({ elasticity: '2.6200', offers: 0 })
  })

  test('stay above cost, and say whether it is sold in time', async () => {
    const [cocoa, , mugs] = await hints()
    expect(cocoa).toMatchObject({
      ...{
        currency: 'EUR',
        price: '3.0000',
        unit_cost: '1.2000',
        on_hand: 40,
        units_to_clear: 40,
        clears: true,
      },
      ...{ discount: '0.15', hint_price: '2.5500', run_id: 7 },
    })
    expect(mugs).toMatchObject({ unit_cost: '4.5000', hint_price: '4.5000', discount: '0.55', clears: false })
  })

  test('take a price that was changed for what is asked now, and what it is to sell at that', async () => {
    // For the last week cocoa was half the price, and sold four times as much.
    await changePrice('cocoa', '2026-11-13', null)
    await sellAtHalf('cocoa', '2026-11-13', '2026-11-19')
    await writePriceHints(database.sql, { today: TODAY, runId: 9 })
    // Half the price is 2^2.17 times as many: it is expected to be gone in time, and nothing more is advised.
    expect((await hints()).map(({ sku }) => sku)).not.toContain('cocoa')
    await database.sql`truncate ref.prices`
    await sellAsBefore('cocoa', '2026-11-13', '2026-11-19')
  })

  test('take the days of a price that held for a while for no ordinary ones', async () => {
    await changePrice('cocoa', '2026-10-01', '2026-11-18')
    await sellAtHalf('cocoa', '2026-10-01', '2026-11-17')
    await writePriceHints(database.sql, { today: TODAY, runId: 10 })
    const [usual] = await database.sql`
      select price from batch.usual_prices where store = 'berlin' and sku = 'cocoa'`
    expect(usual).toMatchObject({ price: 30_000 })
    const [cocoa] = await hints()
    expect(cocoa).toMatchObject({ sku: 'cocoa', price: '3.0000' })
    expect(Number(cocoa?.demand_per_day)).toBeCloseTo(1, 1)
    await database.sql`truncate ref.prices`
    await sellAsBefore('cocoa', '2026-10-01', '2026-11-17')
  })

  test('learn no elasticity from goods that had a price of their own', async () => {
    await changePrice('tea', '2026-11-05', '2026-11-16')
    await writePriceHints(database.sql, { today: TODAY, runId: 11 })
    expect((await hints())[0]).toMatchObject({ sku: 'cocoa', elasticity: '2.6200', offers: 0 })
    await database.sql`truncate ref.prices`
  })

  test('are in the currency of their store, by the rate of the day; without a price there is none', async () => {
    await shelve('tokyo', 'mugs', 5)
    await database.sql`
      insert into batch.daily_product_sales values ('2026-09-30', 'tokyo', 'pos', 'mugs', 'JPY', 1, 20000000, 0, 0, 0, 1)`
    await shelve('tokyo', 'tea', 5)
    await writePriceHints(database.sql, { today: TODAY, runId: 8 })
    const tokyo = (await hints()).filter(({ store }) => store === 'tokyo')
    expect(tokyo).toMatchObject([
      { sku: 'mugs', currency: 'JPY', price: '2000.0000', unit_cost: '750.0000', run_id: 8 },
    ])
  })
})
