import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { businessDayOf, businessDaySpan } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { placed } from '#domain/testing/events.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { reportRequestSchema } from './question.ts'
import { readReport } from './report.ts'

let database: TestDatabase
let paths: TestPaths
const berlin = EXAMPLE_STORES_BY_ID.get('berlin')
if (!berlin) throw new Error('there is an example store')
const now = Date.now()
const today = businessDayOf(now, berlin.versions)
const day = (ago: number) => addDays(today, -ago)

beforeEach(async () => {
  database = await createTestDatabase()
  paths = await createTestPaths(database.sql)
})
afterEach(() => database.drop())

/** Times of a day before and after the time that it is now, by the store's clocks. */
function timesOf(ago: number): { early: Instant; late: Instant } {
  const { start, end } = businessDaySpan(day(ago), berlin?.versions ?? [])
  const passed = now - businessDaySpan(today, berlin?.versions ?? []).start
  return {
    early: start + Math.floor(passed / 2),
    late: start + passed + Math.floor((end - start - passed) * 0.75),
  }
}

/** Sells for an amount at a time, of a product. */
async function sell(at: Instant, unitPrice: string, { store = 'berlin', sku = 'tea' } = {}) {
  const id = `${store} ${at} ${unitPrice} ${sku}`
  await paths.send([placed({ id, at: new Date(at).toISOString(), store }, [{ sku, units: 1, unitPrice }])])
}

/** A day that sold for one amount before the time that it is now, and for another after it; then it is run. */
async function tradingDay(
  ago: number,
  early: string,
  late?: string,
  where: { store?: string; sku?: string } = {},
) {
  const times = timesOf(ago)
  await sell(times.early, early, where)
  if (late !== undefined) await sell(times.late, late, where)
  await paths.batch({ store: where.store ?? 'berlin', day: day(ago) })
}

/** Berlin's stock at the end of a day, or so far, as a run of its inventory has it. */
async function closeWith(ago: number, units: number) {
  await paths.batch({ store: 'berlin', day: day(ago) })
  await database.sql`
    insert into batch.current_runs
    select (jsonb_populate_record(r, '{"job": "daily_inventory"}')).* from batch.current_runs r
    where job = 'daily_sales' and store = 'berlin' and period = ${day(ago)}`
  await database.sql`
    insert into batch.daily_inventory (business_day, store, sku, opening, received, sold, returned, adjusted,
      transferred, count_correction, closing, stockout_minutes, run_id)
    values (${day(ago)}, 'berlin', 'tea', ${units}, 0, 0, 0, 0, 0, 0, ${units}, 0, 1)`
  // What there is was counted: its stock is known from the first such day on.
  await database.sql`update batch.day_head set stock_anchors = 1 where store = 'berlin'`
}

function read(from: number, to: number, part: object = {}) {
  return readReport(
    database.sql,
    reportRequestSchema.parse({
      view: 'sales',
      from: day(from),
      to: day(to),
      currency: 'EUR',
      compare: 'before',
      ...part,
    }),
  )
}

describe('a day that goes on', () => {
  it('is held against the day before up to the like moment, never against the whole of it', async () => {
    await tradingDay(1, '10', '100')
    await tradingDay(0, '15')
    const report = await read(0, 0)
    expect(report.changes.net).toEqual({ before: '10.0000', change: '5.0000', percent: '50.0', isNew: false })
    expect(report.rows[0]).toMatchObject({ before: '10.0000', percent: '50.0' })
    expect(report).toMatchObject({
      isCut: true,
      coverage: { now: { onFile: 1, of: 1 }, before: { onFile: 1, of: 1 } },
    })
    expect(report.changes.orders).toMatchObject({ before: '1', percent: '0.0' })
  })

  it('in a range is the only one that is cut, and days to come are on neither side', async () => {
    await tradingDay(3, '40', '200')
    await tradingDay(2, '20', '100')
    await tradingDay(1, '10', '100')
    await tradingDay(0, '15')
    const report = await read(1, 0)
    expect(report.totals.net).toBe('125.0000')
    expect(report.changes.net?.before).toBe('260.0000')
    // Asked for with days that have not begun, it has as much to be held against.
    const { from, to } = { from: day(0), to: addDays(today, 1) }
    const ahead = await read(0, 0, { from, to })
    expect(ahead.compared).toEqual({ from: day(2), to: day(1) })
    expect(ahead.changes.net).toMatchObject({ before: '20.0000', change: '-5.0000' })
    expect(ahead.rows.find(({ key }) => key.period === to)).toMatchObject({ figures: {}, percent: null })
  })

  it('is so by store, product, category and return as well', async () => {
    await sell(timesOf(1).early, '7', { sku: 'pot' })
    await sell(timesOf(1).late, '70', { sku: 'pot' })
    await tradingDay(1, '10', '100')
    await tradingDay(0, '15')
    for (const view of ['sales-by-store', 'products', 'categories']) {
      expect((await read(0, 0, { view })).changes.net, view).toMatchObject({
        before: '17.0000',
        percent: '-11.8',
      })
    }
    const { rows } = await read(0, 0, { view: 'products' })
    expect(rows.map(({ key, figures, before }) => [key.sku, figures.net, before])).toEqual([
      ['tea', '15.0000', '10.0000'],
      ['pot', '0.0000', '7.0000'],
    ])
    expect((await read(0, 0, { view: 'returns' })).changes.units).toMatchObject({ before: '2', change: '-1' })
  })

  it('that has sold nothing yet is held against the like day up to now', async () => {
    await tradingDay(1, '10', '100')
    await tradingDay(2, '20', '200')
    const report = await read(1, 0)
    // Yesterday is whole; of the day before it, up to this time; before that nobody had begun.
    expect(report.coverage?.before).toEqual({ onFile: 1, of: 2 })
    expect(report.changes.net).toMatchObject({ before: null, percent: null })
  })

  it('has stock beside no part of its like day: that is not known, and was not empty', async () => {
    for (const ago of [3, 2, 1]) {
      await tradingDay(ago, '10', '100')
      await closeWith(ago, 100 - ago)
    }
    await sell(timesOf(0).early, '15')
    await closeWith(0, 95)
    const { rows } = await read(1, 0, { view: 'inventory' })
    expect(rows.map(({ key, figures, before }) => [key.period, figures.closing, before])).toEqual([
      [day(0), '95', null],
      [day(1), '99', '97'],
    ])
  })

  it('of a store that sends a file at close is on neither side', async () => {
    await database.sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
    for (const ago of [1, 2, 3]) {
      await tradingDay(ago, '10', '100')
      await database.sql`update batch.day_head set bulk_events = 2 where business_day = ${day(ago)}`
    }
    const report = await read(1, 0)
    expect(report.totals.net).toBe('110.0000')
    expect(report.changes.net).toMatchObject({ before: '110.0000', percent: '0.0' })
    expect(report.coverage).toEqual({ now: { onFile: 1, of: 1 }, before: { onFile: 1, of: 1 } })
  })

  it('of a store that sends files is compared as far as they go', async () => {
    await database.sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
    for (const ago of [3, 2, 1]) await tradingDay(ago, '10', '100')
    await tradingDay(0, '15')
    await database.sql`update batch.day_head set bulk_events = 2`
    const report = await read(0, 0)
    // Up to the very moment of its newest sale, by its own clocks; what came later yesterday is left out.
    expect(report.changes.net).toMatchObject({ before: '10.0000', change: '5.0000', percent: '50.0' })
    expect(report.coverage).toEqual({ now: { onFile: 1, of: 1 }, before: { onFile: 1, of: 1 } })
    const range = await read(1, 0)
    expect(range.totals.net).toBe('125.0000')
    expect(range.changes.net).toMatchObject({ before: '120.0000' })
    expect(range.coverage).toEqual({ now: { onFile: 2, of: 2 }, before: { onFile: 2, of: 2 } })
  })

  it('of all currencies is converted like the day it is held against', async () => {
    await database.sql`
      insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate)
      values ('USD', 'EUR', '2020-01-01', 0.5)`
    await tradingDay(1, '10', '100')
    await sell(timesOf(0).early, '15')
    await paths.batch({ store: 'berlin', day: today })
    const report = await read(0, 0, { currency: 'all', stores: ['berlin'] })
    expect(report.changes.net_in_reporting_currency).toMatchObject({ before: '10.0000', percent: '50.0' })
  })
})

describe('what is held against days that are not all on file', () => {
  it('has no percentage, and says how many store-days are', async () => {
    for (const ago of [3, 2, 1]) await tradingDay(ago, '10')
    const report = await read(2, 1)
    expect(report.totals.net).toBe('20.0000')
    expect(report.coverage).toEqual({ now: { onFile: 2, of: 2 }, before: { onFile: 1, of: 2 } })
    expect(report.changes.net).toEqual({ before: null, change: null, percent: null, isNew: false })
    // A row beside a day that is on file has its own.
    expect(report.rows.map(({ key, percent }) => [key.period, percent])).toEqual([
      [day(1), '0.0'],
      [day(2), null],
    ])
  })

  it('because a journal has not come, or no run has computed one, has none either', async () => {
    for (const ago of [4, 3, 2, 1]) await tradingDay(ago, '10')
    expect((await read(2, 1)).changes.net?.percent).toBe('0.0')
    await database.sql`delete from batch.current_runs where period = ${day(3)}`
    expect(await read(2, 1)).toMatchObject({
      coverage: { before: { onFile: 1, of: 2 } },
      changes: { net: { percent: null } },
    })
    await database.sql`delete from batch.day_head where business_day = ${day(3)}`
    // A store that sends at once has sent nothing that day: that is known.
    expect((await read(2, 1)).coverage?.before).toEqual({ onFile: 2, of: 2 })
    expect((await read(2, 1)).changes.net).toMatchObject({ before: '10.0000', percent: '100.0' })
    await database.sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
    await database.sql`
      insert into batch.completeness (business_day, store, register, log_orders, log_net, state, run_id)
      values (${day(3)}, 'berlin', '', 0, 0, 'awaiting journal', 1)`
    await database.sql`update batch.day_head set bulk_events = 1`
    expect((await read(2, 1)).changes.net).toMatchObject({ before: null, percent: null })
  })

  it('of one store leaves the other stores their own', async () => {
    for (const ago of [2, 1]) await tradingDay(ago, '10')
    await tradingDay(1, '30', undefined, { store: 'berlin-west' })
    const report = await read(1, 1, { view: 'sales-by-store' })
    expect(report.rows.map(({ key, percent, coverage }) => [key.store, percent, coverage?.before])).toEqual([
      ['berlin-west', null, { onFile: 0, of: 1 }],
      ['berlin', '0.0', { onFile: 1, of: 1 }],
    ])
    expect(report.changes.net?.percent).toBeNull()
    // Once it is known when it opened, it had nothing to sell before, and is new.
    await database.sql`update ref.store_versions set opened = ${day(1)} where store = 'berlin-west'`
    const known = await read(1, 1, { view: 'sales-by-store' })
    expect(known.changes.net).toMatchObject({ before: '10.0000', percent: '300.0' })
  })
})

describe('a product that was not sold before', () => {
  it('is new: nothing can be divided by nothing', async () => {
    await tradingDay(2, '10')
    await tradingDay(1, '10', undefined, { sku: 'pot' })
    const { rows } = await read(1, 1, { view: 'products' })
    expect(rows.map(({ key, percent, isNew }) => [key.sku, percent, isNew])).toEqual([
      ['pot', null, true],
      ['tea', '-100.0', false],
    ])
  })
})
