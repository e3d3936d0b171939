import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { readLivePriceHints } from './live-price-hints.ts'

const STORES = EXAMPLE_STORES.filter(({ currency }) => currency === 'EUR').map(({ id }) => id)
/** Sell as foreseen: one an hour, the last an hour ago. */
const OTHERS = Array.from({ length: 12 }, (_, index) => `other-${index}`)

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`
    insert into ref.products (sku, name, category)
    select sku, initcap(sku), 'Tableware' from unnest(${['mug', 'tea', ...OTHERS]}::text[]) sku`
  await sql`insert into ref.suppliers values ('clay', 'Clay')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    select sku, 'epoch', 'clay', 40000, 'EUR', 1 from ref.products`
  await sql`
    insert into ref.price_elasticities (category, valid_from, mean, deviation, offers) values ('Tableware', 'epoch', 2, 0.3, 8)`
  await sql`
    insert into ref.expected_orders (store, valid_from, orders)
    select store, 'epoch', array_fill(1, array[168]) from ref.stores`
  await sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    select store, sku, 'epoch', 'ses', array_fill(24::float8, array[7]), 4.9, 50 from ref.stores, ref.products`
  await sql`
    insert into batch.usual_prices (store, sku, currency, price, units_per_day, run_id)
    select store, sku, 'EUR', 100000, 24, 1 from unnest(${STORES}::text[]) store, ref.products`
})
beforeEach(async () => {
  await database.sql`truncate stream.stock, stream.episodes, ref.prices, ref.promotions, purchasing.price_changes`
})
afterAll(() => database.drop())

/** A shelf on which the last was sold so many hours ago. */
async function shelve(
  store: string,
  sku: string,
  { hours, onHand = 1_000, paceUnits = 0 }: { hours: number; onHand?: number; paceUnits?: number },
): Promise<void> {
  const soldAt = Date.now() - hours * HOUR_MS
  await database.sql`
    insert into stream.stock (generation, store, sku, partition, on_hand, on_order, max_delta_time, as_of, last_offset,
      processed_at, pace_at, pace_units)
    values (1, ${store}, ${sku}, 0, ${onHand}, 0, ${soldAt}, ${soldAt}, 1, now(), ${soldAt}, ${paceUnits})`
}

async function shelveOthers(hours = 1): Promise<void> {
  for (const store of STORES) for (const sku of OTHERS) await shelve(store, sku, { hours })
}

async function fallShort(store: string, sku: string): Promise<void> {
  await database.sql`
    insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state, opened_at,
      opened_offset, amended_at, amended_offset, on_hand, on_order, processed_at)
    values (1, 'alert', ${store}, ${sku}, 0, 'stockout_before_delivery', 2, 'warning', 'open', now(), 1, now(), 1, 5, 0, now())`
}

const hints = async (stores: string[] = []) => (await readLivePriceHints(database.sql, { stores })).hints

describe('of goods that have stopped to sell', () => {
  it('all stores together tell, within hours, what one could not', async () => {
    await shelveOthers()
    for (const store of STORES) await shelve(store, 'mug', { hours: 14 })
    const found = await hints()
    expect(found.map(({ store, sku }) => `${store}/${sku}`).sort()).toEqual(
      STORES.map(store => `${store}/mug`).sort(),
    )
    expect(found[0]).toMatchObject({
      ...{ kind: 'flash', productName: 'Mug', priceNow: '10.0000', price: '7.0000', hours: 48, holds: null },
    })
    expect(found[0]?.pace).toBeLessThan(0.5)
    expect(await hints([STORES[0] ?? ''])).toHaveLength(1)
  })

  it('a store that is silent as a whole says nothing', async () => {
    await shelveOthers(14)
    for (const store of STORES) await shelve(store, 'mug', { hours: 14 })
    expect(await hints()).toEqual([])
  })

  it('an empty shelf says nothing, one that has just been filled is counted from there, and little is no matter', async () => {
    await shelveOthers()
    for (const store of STORES) await shelve(store, 'mug', { hours: 14, onHand: 0 })
    expect(await hints()).toEqual([])
    await database.sql`update stream.stock set on_hand = 1000, max_delta_time = now() - interval '1 hour' where sku = 'mug'`
    expect(await hints()).toEqual([])
    await database.sql`update stream.stock set on_hand = 20, max_delta_time = pace_at where sku = 'mug'`
    expect(await hints()).toEqual([])
  })

  it('an empty shelf is no sign against the others of its product', async () => {
    await shelveOthers()
    const [one = '', other = ''] = STORES
    await shelve(one, 'mug', { hours: 1 })
    await shelve(other, 'mug', { hours: 40, onHand: 0 })
    expect(await hints()).toEqual([])
    await database.sql`update stream.stock set on_hand = 1000 where sku = 'mug'`
    expect((await hints()).map(({ store }) => store)).toContain(one)
  })

  it('what is on offer, or was brought down, is not brought down again', async () => {
    await shelveOthers()
    for (const store of STORES) await shelve(store, 'mug', { hours: 14 })
    await database.sql`
      insert into ref.promotions (promotion, title, first_day, last_day, discount, skus)
      values ('mugs', 'Mugs', now()::date - 2, now()::date + 2, 0.2, '{mug}')`
    expect(await hints()).toEqual([])
    await database.sql`truncate ref.promotions`
    await database.sql`
      insert into ref.prices (store, sku, valid_from, price, said_at, "offset", source, id)
      select store, 'mug', now() - interval '1 hour', 80000, now(), 1, 'office', 'p' from unnest(${STORES}::text[]) store`
    expect(await hints()).toEqual([])
  })
})

describe('of goods that are gone before the next delivery', () => {
  const [store = ''] = STORES

  it('the price rises where they sell faster than foreseen', async () => {
    await shelveOthers()
    await shelve(store, 'tea', { hours: 0.01, onHand: 25, paceUnits: 8 })
    await fallShort(store, 'tea')
    const [hint] = await hints()
    expect(hint).toMatchObject({ kind: 'raise', sku: 'tea', priceNow: '10.0000', onHand: 25 })
    expect(hint?.pace).toBeGreaterThan(2)
    expect(hint?.change).toBeGreaterThanOrEqual(0.05)
    expect(hint?.change).toBeLessThanOrEqual(0.15)
    expect(hint?.helpAt).toBeGreaterThan(Date.now() + 20 * HOUR_MS)
    expect(hint?.units).toBeLessThan(hint?.unitsNow ?? 0)
  })

  it('the price stays where they sell as foreseen: an order came too late, and no customer is to pay for it', async () => {
    await shelveOthers()
    await shelve(store, 'tea', { hours: 0.5, onHand: 10, paceUnits: 1 })
    await fallShort(store, 'tea')
    expect(await hints()).toEqual([])
  })

  it('a price of ours that was brought down is to end, and is named', async () => {
    await shelveOthers()
    await shelve(store, 'tea', { hours: 0.5, onHand: 10, paceUnits: 1 })
    await fallShort(store, 'tea')
    await database.sql`
      insert into ref.prices (store, sku, valid_from, price, said_at, "offset", source, id)
      values (${store}, 'tea', now() - interval '1 hour', 75000, now(), 1, 'buyer', 'p')`
    await database.sql`
      insert into purchasing.price_changes (price_change, request, store, sku, kind, currency, old_price, new_price, unit_cost,
        valid_from, elasticity, elasticity_deviation, offers, applied_at)
      values ('PR-00007', 'request', ${store}, 'tea', 'dead', 'EUR', 100000, 75000, 40000, now() - interval '1 hour', 2, 0.3, 8, now())`
    expect(await hints()).toMatchObject([
      { kind: 'end offer', price: '10.0000', priceNow: '7.5000', holds: 'PR-00007', isOnOffer: false },
    ])
  })

  it('an offer of the calendar ends where it is announced', async () => {
    await shelveOthers()
    await shelve(store, 'tea', { hours: 0.5, onHand: 10, paceUnits: 1 })
    await fallShort(store, 'tea')
    await database.sql`
      insert into ref.promotions (promotion, title, first_day, last_day, discount, skus)
      values ('teas', 'Teas', now()::date - 2, now()::date + 2, 0.2, '{tea}')`
    expect(await hints()).toMatchObject([
      { kind: 'end offer', price: '10.0000', priceNow: '8.0000', holds: null, isOnOffer: true },
    ])
  })
})

it('asked twice of one stand of the stream, the same is answered', async () => {
  await shelveOthers()
  for (const store of STORES) await shelve(store, 'mug', { hours: 14 })
  const watermark = Date.now() - 60_000
  await database.sql`
    insert into stream.checkpoints (generation, partition, "offset", appended_at, watermark, epoch, processed_at)
    select 1, partition, 1, ${watermark}, ${watermark}, 1, now() from log.partitions`
  const first = await readLivePriceHints(database.sql, { stores: [] })
  expect(first.at).toBe(watermark)
  expect(first.hints.length).toBeGreaterThan(0)
  expect(await readLivePriceHints(database.sql, { stores: [] })).toEqual(first)
  await database.sql`truncate stream.checkpoints`
})
