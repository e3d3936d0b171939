import { describe, expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { POISONED_DETAILS, POISONED_ORDERS, writeRow } from '#server/log/testing/poison.ts'
import type { Poison } from './run/find-poison.ts'
import { createTestBatch, ranSlots } from './testing/batch.ts'

const NIGHT = '2026-03-10T12:00:00Z'
const DAYS = ['2026-03-02', '2026-03-03']
const STORES = ['berlin', 'berlin-west']

function sale(id: string, day: string, store = 'berlin'): LogEvent[] {
  return toLogEvents(
    placed({ id, at: `${day}T10:00:00+01:00`, store }, [
      { sku: 'tea', units: 1, unitPrice: '2.50' },
      { sku: 'milk', units: 1, unitPrice: '1.00' },
    ]),
  )
}

/** Two orders a day in two stores, all of which lie before what a test writes into Berlin's partition. */
const EVENTS = DAYS.flatMap(day =>
  STORES.flatMap(store => [
    ...sale(`a ${store} ${day}`, day, store),
    ...sale(`b ${store} ${day}`, day, store),
  ]),
)
const PARTITION = sale('p', '2026-03-02')[0]?.partition ?? 0
/** The last of Berlin: what rows are made like. */
const LAST = sale('last', '2026-03-03')

async function orders(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ key: string; orders: number }[]>`
    select store || ' ' || business_day as key, orders from batch.daily_sales order by 1`
  return Object.fromEntries(rows.map(row => [row.key, row.orders]))
}

const ALL_ORDERS = {
  'berlin 2026-03-02': 2,
  'berlin 2026-03-03': 3,
  'berlin-west 2026-03-02': 2,
  'berlin-west 2026-03-03': 2,
}

async function setAside(sql: Sql) {
  const rows = await sql<{ offset: number; store: string; job: string | null }[]>`
    select "offset", store, job from batch.set_aside order by "offset"`
  return rows.map(row => ({ ...row }))
}

describe('an event that no report can count', () => {
  test('of every kind is set aside, and every report runs', async () => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, [...EVENTS, ...LAST])
    const kinds = new Map<number, string>()
    for (const [kind, changes] of Object.entries({ ...POISONED_ORDERS, ...POISONED_DETAILS }))
      kinds.set(await writeRow(sql, PARTITION, changes), kind)
    const summary = await runDue(NIGHT)
    expect(summary.sets.flatMap(set => set.failed)).toEqual([])
    expect(await orders(sql)).toEqual(ALL_ORDERS)
    const setAsideKinds = (await setAside(sql)).map(({ offset, job }) => ({ kind: kinds.get(offset), job }))
    expect(setAsideKinds).toEqual([...kinds.values()].map(kind => ({ kind, job: null })))
    expect(ranSlots(summary)).toContain('monthly_sales berlin 2026-03-01')
    expect((await runDue(NIGHT)).sets).toEqual([])
  })

  test('counts in every report once its row has been put right', async () => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, [...EVENTS, ...LAST])
    const offset = await writeRow(sql, PARTITION, { currency: null })
    await runDue(NIGHT)
    await sql`update log.event_log set currency = 'EUR' where partition = ${PARTITION} and "offset" = ${offset}`
    const summary = await runDue(NIGHT)
    expect(ranSlots(summary)).toEqual(
      expect.arrayContaining(['daily_sales berlin 2026-03-03', 'monthly_tenders berlin 2026-03-01']),
    )
    expect(await orders(sql)).toEqual({ ...ALL_ORDERS, 'berlin 2026-03-03': 4 })
    expect(await setAside(sql)).toEqual([])
    const restated = await sql`select metric, cause from batch.restatements where metric = 'orders'`
    expect(restated).toEqual([{ metric: 'orders', cause: 'an event was set aside or taken back' }])
    expect((await runDue(NIGHT)).sets).toEqual([])
  })
})

describe('an event that looks right and breaks a report', () => {
  // Two units at half of what a bigint holds and a little more: only the product of them leaves it.
  const BREAKING = { units: [2, 1], unit_prices: ['5000000000000000000', 10_000] }

  test('is found among its neighbours and set aside; its store keeps all other sales, other stores notice nothing', async () => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, [...EVENTS, ...LAST])
    const offset = await writeRow(sql, PARTITION, BREAKING)
    await appendTestEvents(sql, sale('behind', '2026-03-03'))
    const found: [string, Poison][] = []
    const summary = await runDue(NIGHT, { onSetAside: (job, poison) => found.push([job, poison]) })
    expect(found).toMatchObject([
      ['daily_product_sales', { partition: PARTITION, offset, store: 'berlin', businessDay: '2026-03-03' }],
    ])
    expect(await setAside(sql)).toEqual([{ offset, store: 'berlin', job: 'daily_product_sales' }])
    expect(await orders(sql)).toEqual({ ...ALL_ORDERS, 'berlin 2026-03-03': 4 })
    const products = await sql`
      select units from batch.daily_product_sales where store = 'berlin' and business_day = '2026-03-03' and sku = 'tea'`
    expect(products).toEqual([{ units: 4 }])
    expect(ranSlots(summary)).toContain('monthly_product_sales berlin 2026-03-01')
    // Its neighbours' runs have not failed for its sake, nor has its own.
    expect(await sql`select from batch.runs where state = 'failed'`).toHaveLength(0)
    expect((await runDue(NIGHT)).sets).toEqual([])
  })

  test('counts once its row has been put right', async () => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, [...EVENTS, ...LAST])
    const offset = await writeRow(sql, PARTITION, BREAKING)
    await runDue(NIGHT)
    await runDue(NIGHT)
    expect(await setAside(sql)).toHaveLength(1)
    await sql`
      update log.event_log set units = '{1,1}', unit_prices = '{25000,10000}'
      where partition = ${PARTITION} and "offset" = ${offset}`
    await runDue(NIGHT)
    expect(await setAside(sql)).toEqual([])
    expect(await orders(sql)).toEqual({ ...ALL_ORDERS, 'berlin 2026-03-03': 4 })
  })

  test('of several in one day each is set aside', async () => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, [...EVENTS, ...LAST])
    const offsets = [await writeRow(sql, PARTITION, BREAKING), await writeRow(sql, PARTITION, BREAKING)]
    await runDue(NIGHT)
    expect((await setAside(sql)).map(({ offset }) => offset)).toEqual(offsets)
    expect(await orders(sql)).toEqual(ALL_ORDERS)
  })
})

test('a store-day that fails for no event of it fails alone, and is tried again with patience', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, [...EVENTS, ...LAST])
  // A table that refuses one row, as a full disk or a lost index would not.
  await sql`alter table batch.hourly_sales add constraint refusing check (store <> 'berlin' or business_day <> '2026-03-03')`
  const now = new Date().toISOString()
  const summary = await runDue(now)
  expect(
    summary.sets.flatMap(set => set.failed).map(({ slot }) => `${slot.job} ${slot.store} ${slot.period}`),
  ).toEqual(['hourly_sales berlin 2026-03-03'])
  expect(ranSlots(summary)).toEqual(
    expect.arrayContaining(['hourly_sales berlin 2026-03-02', 'hourly_sales berlin-west 2026-03-03']),
  )
  expect(await setAside(sql)).toEqual([])
  expect((await runDue(now)).sets).toEqual([])
  await sql`alter table batch.hourly_sales drop constraint refusing`
  const later = new Date(Date.now() + 60 * 60_000).toISOString()
  expect(ranSlots(await runDue(later))).toContain('hourly_sales berlin 2026-03-03')
})

test('a store whose calendar does not exist is in the ledger, and the others are planned', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, [...EVENTS, ...LAST])
  await sql`update ref.store_versions set zone = 'Mars/Olympus' where store = 'berlin'`
  const summary = await runDue(NIGHT)
  expect(summary.failures).toEqual([{ store: 'berlin', error: expect.stringContaining('Mars/Olympus') }])
  expect(ranSlots(summary)).toContain('daily_sales berlin-west 2026-03-02')
  expect(ranSlots(summary).filter(slot => slot.includes(' berlin '))).toEqual([])
  await runDue(NIGHT)
  const rows = await sql`select job, store, state, attempt, error from batch.runs where job = 'planning'`
  expect(rows).toEqual([
    { job: 'planning', store: 'berlin', state: 'failed', attempt: 2, error: summary.failures[0]?.error },
  ])
})

test('a chain of stock that breaks in one store goes on in the others', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, [...EVENTS, ...LAST])
  await sql`alter table batch.daily_inventory add constraint refusing check (store <> 'berlin')`
  await appendTestEvents(
    sql,
    STORES.flatMap(store =>
      toLogEvents({
        type: 'stock.counted',
        source: 'stock room',
        id: `count ${store}`,
        store,
        eventTime: '2026-03-02T08:00:00+01:00',
        lines: [{ sku: 'tea', units: 10 }],
      }),
    ),
  )
  const summary = await runDue(NIGHT)
  expect(ranSlots(summary).filter(slot => slot.startsWith('daily_inventory'))).toEqual(
    expect.arrayContaining(DAYS.map(day => `daily_inventory berlin-west ${day}`)),
  )
  const failed = summary.sets.flatMap(set => set.failed)
  // The day after has nothing to open from: it is not even tried.
  expect(failed.map(({ slot }) => `${slot.job} ${slot.store} ${slot.period}`)).toEqual([
    'daily_inventory berlin 2026-03-02',
  ])
})
