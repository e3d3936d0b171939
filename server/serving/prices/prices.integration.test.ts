import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant } from '#domain/instant.ts'
import { counted, placed, voided } from '#domain/testing/events.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { readAppliedPrices } from './applied-prices.ts'
import { applyPrice, endPrice, readShelfPrice } from './apply-price.ts'

let database: TestDatabase
let paths: TestPaths
let number = 0

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  paths = await createTestPaths(sql)
  await sql`
    insert into ref.products (sku, name, category) values ('tea', 'Green tea', 'Hot drinks'), ('mug', 'Mug', 'Tableware'),
      ('pan', 'Pan', 'Cookware')`
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    select sku, now() - interval '30 days', 'leaf', 40000, 'EUR', 1, 3 from unnest(array['tea', 'pan']) sku`
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values ('USD', 'EUR', '2020-01-01', 0.8)`
  await sql`
    insert into batch.usual_prices (store, sku, currency, price, units_per_day, run_id) values
      ('berlin', 'tea', 'EUR', 100000, 2, 1), ('berlin', 'mug', 'EUR', 100000, 2, 1), ('new-york', 'tea', 'USD', 100000, 2, 1)`
  await sql`
    insert into ref.price_elasticities (category, valid_from, mean, deviation, offers) values ('Hot drinks', now(), 2, 0.3, 8)`
  await sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    values ('berlin', 'tea', now() - interval '30 days', 'ses', '{24,24,24,24,24,24,24}', 5, 50)`
  await paths.send([
    counted({ id: 'c-1', at: formatInstant(Date.now() - 30 * DAY_MS) }, [{ sku: 'tea', units: 900 }]),
  ])
  await paths.stream()
})
beforeEach(async () => {
  await database.sql`truncate purchasing.price_changes, purchasing.outbox, ref.prices, batch.price_effects`
})
afterAll(() => database.drop())

function apply(given: Partial<Parameters<typeof applyPrice>[1]> = {}, by: string | null = 'Ada') {
  number += 1
  return applyPrice(
    database.sql,
    {
      ...{ request: `request-${number}`, store: 'berlin', sku: 'tea', kind: 'overstocked', price: '7.50' },
      ...{ from: null, to: null, ...given },
    },
    by,
  )
}

/** Appends what waits to be sent, as the intake would. */
async function deliver(): Promise<SentEvent[]> {
  const rows = await database.sql<{ body: SentEvent }[]>`
    select body from purchasing.outbox where sent_at is null order by message`
  await paths.send(rows.map(({ body }) => body))
  await database.sql`update purchasing.outbox set sent_at = clock_timestamp()`
  await paths.stream()
  return rows.map(({ body }) => body)
}

async function asked(at: Instant = Date.now()): Promise<number | null> {
  const [row] = await database.sql<
    { price: number }[]
  >`select price from ref.price_at('berlin', 'tea', ${at})`
  return row?.price ?? null
}

const pricesOfBerlin = () => readAppliedPrices(database.sql, { stores: ['berlin'] })

describe('a price that a person applies', () => {
  it('is an event, which the log keeps from then on, and is one however often it is pressed', async () => {
    const { priceChange } = await apply({ request: 'twice-the-same' })
    expect(await apply({ request: 'twice-the-same' })).toEqual({ priceChange })
    const events = await deliver()
    expect(events).toMatchObject([
      {
        ...{ type: 'price.changed', source: 'buyer', id: `${priceChange}/applied`, store: 'berlin' },
        lines: [{ sku: 'tea', price: '7.5000' }],
      },
    ])
    expect(await asked()).toBe(75_000)
    expect((await pricesOfBerlin()).prices).toMatchObject([
      {
        ...{ priceChange, productName: 'Green tea', oldPrice: '10.0000', newPrice: '7.5000', state: 'holds' },
        ...{ appliedBy: 'Ada', unitsBefore: 2, kind: 'overstocked', live: { sold: 0 } },
      },
    ])
  })

  it('is refused below cost, in whatever currency that is, and keeps nothing', async () => {
    await expect(apply({ price: '3.9999' })).rejects.toThrow(
      '3.9999 EUR is below what one has cost, 4.00 EUR: a price stays at or above cost.',
    )
    // 4 EUR are 5 USD.
    await expect(apply({ store: 'new-york', price: '4.99' })).rejects.toThrow(
      '4.99 USD is below what one has cost, 5.00 USD',
    )
    expect(await database.sql`select from purchasing.price_changes`).toHaveLength(0)
    expect(await database.sql`select from purchasing.outbox`).toHaveLength(0)
  })

  it('is refused where it falls by more than three tenths in a day, in one step or in two', async () => {
    await expect(apply({ price: '6.99' })).rejects.toThrow(
      /more than 30% below the 10.00 EUR asked within a day/,
    )
    await apply({ price: '7.50' })
    await deliver()
    await expect(apply({ price: '6.00' })).rejects.toThrow(
      /more than 30% below the 10.00 EUR asked within a day/,
    )
    await expect(apply({ price: '6.00', from: Date.now() + 25 * HOUR_MS })).resolves.toBeDefined()
  })

  it('is refused where it falls by more than that below what was asked an hour ago, though it has ended', async () => {
    const { priceChange } = await apply({ price: '11.50' })
    await deliver()
    await endPrice(database.sql, priceChange, 'Ada')
    await deliver()
    await expect(apply({ price: '7.50' })).rejects.toThrow(
      /more than 30% below the 11.50 EUR asked within a day/,
    )
  })

  it('is refused where it rises by more than three twentieths, is what is asked, or nobody knows the cost or the price', async () => {
    await expect(apply({ price: '11.51' })).rejects.toThrow(/more than 15% above what is usual: 11.50 EUR/)
    await expect(apply({ price: '10' })).rejects.toThrow('10.00 EUR is what is asked already.')
    await expect(apply({ sku: 'mug', price: '9' })).rejects.toThrow(/What one has cost is not known/)
    await expect(apply({ sku: 'pan', price: '9' })).rejects.toThrow(
      /What Berlin asks for pan now is not known/,
    )
    await expect(apply({ sku: 'hat', price: '9' })).rejects.toThrow('hat: no such product.')
    await expect(apply({ store: 'rome', price: '9' })).rejects.toThrow('rome: no such store.')
  })

  it('is refused where it begins in the past, ends before it begins, or holds for ever', async () => {
    const now = Date.now()
    await expect(apply({ from: now - 5 * 60_000 })).rejects.toThrow(/begins now or later/)
    await expect(apply({ from: now + 61 * DAY_MS })).rejects.toThrow(/within 60 days/)
    await expect(apply({ to: now - 1 })).rejects.toThrow('A price ends after it has begun.')
    await expect(apply({ to: now + 181 * DAY_MS })).rejects.toThrow(/180 days at most/)
  })

  it('ends what was set before of the same shelf and time, and leaves what is set for later', async () => {
    const now = Date.now()
    const first = await apply({ price: '8' })
    const later = await apply({ price: '9', from: now + 5 * DAY_MS })
    await deliver()
    // The first ends where the one of later begins; that of today ends today.
    const second = await apply({ price: '7.50', to: now + DAY_MS })
    await deliver()
    const { prices } = await pricesOfBerlin()
    const stateOf = new Map(prices.map(({ priceChange, state }) => [priceChange, state]))
    expect(stateOf.get(first.priceChange)).toBe('ended')
    expect(stateOf.get(later.priceChange)).toBe('planned')
    expect(stateOf.get(second.priceChange)).toBe('holds')
    expect(await asked()).toBe(75_000)
    expect(await asked(now + 2 * DAY_MS)).toBeNull()
    expect(await asked(now + 6 * DAY_MS)).toBe(90_000)
  })

  it('is ended by a further event, after which what is usual is asked, and only once', async () => {
    const { priceChange } = await apply()
    await deliver()
    await endPrice(database.sql, priceChange, 'Bo')
    await deliver()
    expect(await asked()).toBeNull()
    expect((await pricesOfBerlin()).prices).toMatchObject([{ state: 'ended', endedBy: 'Bo' }])
    await expect(endPrice(database.sql, priceChange, 'Bo')).rejects.toThrow(
      `${priceChange} has ended already.`,
    )
    await expect(endPrice(database.sql, 'PR-99999', 'Bo')).rejects.toThrow('There is no price PR-99999.')
  })

  it('that has not begun is withdrawn', async () => {
    const from = Date.now() + DAY_MS
    const { priceChange } = await apply({ from })
    await deliver()
    expect(await asked(from)).toBe(75_000)
    await endPrice(database.sql, priceChange, null)
    await deliver()
    expect(await asked(from)).toBeNull()
  })

  it('of which the log has not heard says so', async () => {
    const { priceChange } = await apply()
    expect((await pricesOfBerlin()).prices).toMatchObject([{ priceChange, state: 'waiting' }])
    await database.sql`update purchasing.outbox set refusal = 'the till said no'`
    expect((await pricesOfBerlin()).prices).toMatchObject([{ state: 'refused', refusal: 'the till said no' }])
  })
})

describe('the effect of an applied price', () => {
  /** As if it had been applied two days ago: then 48 units were foreseen, and at 7.50 48 × 0.75^−2 = 85. */
  async function applied() {
    const { priceChange } = await apply()
    await deliver()
    await database.sql`
      update purchasing.price_changes set valid_from = valid_from - interval '2 days', applied_at = applied_at - interval '2 days'`
    return priceChange
  }
  const line = (units: number, unitPrice: string, discount?: string) => ({
    ...{ sku: 'tea', units, unitPrice },
    ...(discount === undefined ? {} : { discount }),
  })
  const ago = (hours: number) => formatInstant(Date.now() - hours * HOUR_MS)

  it('is what was sold while it held, less voided, against what was foreseen when it was applied', async () => {
    const priceChange = await applied()
    await paths.send([
      placed({ id: 'before', at: ago(49) }, [line(50, '10')]),
      placed({ id: 'one', at: ago(40) }, [line(60, '7.5')]),
      placed({ id: 'two', at: ago(2) }, [line(30, '7.5', '15'), { sku: 'mug', units: 9, unitPrice: '10' }]),
      placed({ id: 'other', at: ago(2), store: 'new-york' }, [line(70, '10')]),
      placed({ id: 'three', at: ago(1) }, [line(10, '7.5')]),
      voided({ id: 'three-void', at: ago(1), orderId: 'three' }, [line(10, '7.5')]),
    ])
    await paths.stream()
    // What is learned since changes nothing of what was expected.
    await database.sql`
      insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
      values ('berlin', 'tea', now(), 'ses', '{1,1,1,1,1,1,1}', 1, 50)`
    const [shown] = (await pricesOfBerlin()).prices
    expect(shown).toMatchObject({ priceChange, state: 'holds', night: null })
    expect(shown?.live).toMatchObject({ sold: 90, meanPrice: '7.3333', margin: '300.0000' })
    const { forecast } = shown?.live ?? {}
    expect(forecast?.old).toBeCloseTo(48, 0)
    expect(forecast?.new).toBeCloseTo(48 * 0.75 ** -2, 0)
    expect(forecast).toMatchObject({ verdict: 'as expected' })
    expect(Number(forecast?.marginOld)).toBeCloseTo(48 * 6, 0)
    await database.sql`delete from ref.demand_forecasts where spread = 1`
  })

  it('is that of its own store, whichever others lie in its partition', async () => {
    await apply({ store: 'new-york', price: '9' })
    await deliver()
    await database.sql`update purchasing.price_changes set valid_from = valid_from - interval '1 hour'`
    const [neighbour, own] = ['berlin-west', 'new-york'].map(store =>
      placed({ id: `of-${store}`, at: ago(0.5), store }, [line(store === 'new-york' ? 2 : 90, '9')]),
    )
    if (!neighbour || !own) throw new Error('there are two stores')
    const [there, here] = await paths.send([neighbour, own])
    expect(there?.partition).toBe(here?.partition)
    await paths.stream()
    expect((await readAppliedPrices(database.sql, { stores: [] })).prices).toMatchObject([
      { live: { sold: 2 } },
    ])
  })

  it('is told up to where the stream has read, and no further', async () => {
    await applied()
    await paths.send([placed({ id: 'unread', at: ago(1.5) }, [line(5, '7.5')])])
    const before = (await pricesOfBerlin()).prices[0]?.live.sold ?? 0
    await paths.stream()
    expect((await pricesOfBerlin()).prices[0]?.live.sold).toBe(before + 5)
  })

  it('goes on from where the night has counted, and counts nothing twice', async () => {
    const priceChange = await applied()
    const [first] = await paths.send([placed({ id: 'night', at: ago(3) }, [line(5, '7.5')])])
    await paths.send([placed({ id: 'morning', at: ago(2) }, [line(3, '7.5')])])
    await paths.stream()
    await database.sql`
      insert into batch.price_effects (price_change, through_offset, through_at, measured_until, units, net, margin, verdict, run_id)
      values (${priceChange}, ${first?.offset ?? 0}, ${first?.appendedAt ?? 0}, now(), 5, 375000, 175000, 'no forecast', 9)`
    const [shown] = (await pricesOfBerlin()).prices
    expect(shown).toMatchObject({ live: { sold: 8 }, night: { sold: 5, runId: 9, margin: '17.5000' } })
  })

  it('ends with the price: what is sold later is none of it', async () => {
    const priceChange = await applied()
    const end = Date.now() - HOUR_MS
    await database.sql`update purchasing.price_changes set ended_at = ${end} where price_change = ${priceChange}`
    const sold = async () => (await pricesOfBerlin()).prices[0]?.live.sold ?? 0
    const before = await sold()
    await paths.send([
      placed({ id: 'while', at: formatInstant(end - 1) }, [line(4, '7.5')]),
      placed({ id: 'after', at: formatInstant(end) }, [line(6, '10')]),
    ])
    await paths.stream()
    expect((await sold()) - before).toBe(4)
    expect((await pricesOfBerlin()).prices).toMatchObject([{ state: 'ended' }])
  })
})

it('the dialog is told what is asked, what one has cost, what a day may move, and what is foreseen', async () => {
  await apply()
  await deliver()
  expect(await readShelfPrice(database.sql, { store: 'berlin', sku: 'tea' })).toMatchObject({
    ...{ storeName: 'Berlin', productName: 'Green tea', onHand: expect.any(Number), unitsBefore: 2 },
    terms: {
      ...{ currency: 'EUR', priceNow: 75_000, listPrice: 100_000, unitCost: 40_000 },
      ...{ dearest: 100_000, cheapest: 75_000 },
    },
    forecast: { isLearned: true },
    elasticity: { mean: 2, offers: 8 },
  })
})
