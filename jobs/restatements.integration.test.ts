import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import type { SentEvent } from '#domain/event.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { placed, received, returned, toLogEvents, voided } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch } from './testing/batch.ts'

const TEA = [{ sku: 'tea', units: 1, unitPrice: '2.50' }]
const MORNING = '2026-03-03T12:00:00Z'
const DAY = '2026-03-02T10:00:00+01:00'

function closeTill(day: string, register: string, totals: { orders: number; net: string }): LogEvent[] {
  const event: SentEvent = {
    type: 'till.closed',
    source: `till-${register}`,
    id: `z ${day} ${register} ${totals.net}`,
    store: 'berlin',
    eventTime: `${day}T22:00:00+01:00`,
    register,
    businessDay: day,
    currency: 'EUR',
    units: totals.orders,
    ...totals,
  }
  return toLogEvents(event)
}

function saleAt(id: string, register: string, at: string): LogEvent[] {
  return toLogEvents({ ...placed({ id, at }, TEA), register })
}

async function restatements(sql: Sql) {
  return sql`
    select channel, currency, metric, old_value, new_value, cause from batch.restatements order by restatement`
}

test('A day that has not ended is no published figure: what changes in it is no restatement', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, toLogEvents(placed({ id: '1', at: DAY }, TEA)))
  await runDue('2026-03-02T12:00:00Z')
  await appendTestEvents(sql, toLogEvents(placed({ id: '2', at: DAY }, TEA)))
  await runDue('2026-03-02T13:00:00Z')
  expect(await sql`select from batch.closed_days`).toHaveLength(0)
  expect(await restatements(sql)).toHaveLength(0)
})

test('A published figure that changes is restated: old value, new value, cause', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, toLogEvents(placed({ id: '1', at: DAY, customer: 'c-1' }, TEA)))
  await runDue(MORNING)
  expect(await sql`select store, business_day, incomplete from batch.closed_days`).toEqual([
    { store: 'berlin', business_day: '2026-03-02', incomplete: false },
  ])
  await appendTestEvents(sql, [
    ...toLogEvents(placed({ id: '2', at: DAY, customer: 'c-2' }, TEA)),
    ...toLogEvents(returned({ id: '3', at: DAY }, [{ sku: 'tea', units: 1, refund: '1.25' }]), {
      class: 'bulk',
    }),
    // Of another day: none of this one's figures.
    ...toLogEvents(placed({ id: '4', at: '2026-03-03T10:00:00+01:00' }, TEA)),
  ])
  await runDue(MORNING)
  const cause = '1 late, 1 bulk (1 order, 1 return)'
  const cell = { channel: 'pos', currency: 'EUR', cause }
  expect(await restatements(sql)).toEqual([
    { ...cell, metric: 'orders', old_value: '1.0000', new_value: '2.0000' },
    { ...cell, metric: 'units', old_value: '1.0000', new_value: '2.0000' },
    { ...cell, metric: 'gross', old_value: '2.5000', new_value: '5.0000' },
    { ...cell, metric: 'returns', old_value: '0.0000', new_value: '1.2500' },
    { ...cell, metric: 'net', old_value: '2.5000', new_value: '3.7500' },
    { ...cell, metric: 'return_documents', old_value: '0.0000', new_value: '1.0000' },
    { ...cell, metric: 'units_returned', old_value: '0.0000', new_value: '1.0000' },
    { ...cell, metric: 'customers', old_value: '1.0000', new_value: '2.0000' },
  ])
})

test('A published figure that comes out the same again is not restated', async () => {
  const { sql, runDue, run } = await createTestBatch()
  await appendTestEvents(sql, toLogEvents(placed({ id: '1', at: DAY }, TEA)))
  await runDue(MORNING)
  await appendTestEvents(sql, [
    ...toLogEvents(placed({ id: '2', at: DAY }, TEA)),
    ...toLogEvents(voided({ id: '3', orderId: '2', at: DAY }, TEA)),
  ])
  await runDue(MORNING)
  await run(['daily_sales'], { from: '2026-03-02', to: '2026-03-02' })
  expect(await restatements(sql)).toHaveLength(0)
})

test('A published row that somebody changed by hand is put right, and the restatement says so', async () => {
  const { sql, runDue, run } = await createTestBatch()
  await appendTestEvents(sql, toLogEvents(placed({ id: '1', at: DAY }, TEA)))
  await runDue(MORNING)
  await sql`update batch.daily_sales set tax = 7`
  await run(['daily_sales'], { from: '2026-03-02', to: '2026-03-02' })
  expect(await restatements(sql)).toMatchObject([
    {
      metric: 'tax',
      old_value: '0.0007',
      new_value: '0.0000',
      cause: 'the stored rows did not match the log',
    },
  ])
})

test('A day whose till has not reported closes six hours after its end, incomplete, and is complete when all is in', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, [
    ...saleAt('1', 'till-1', '2026-03-01T10:00:00+01:00'),
    ...closeTill('2026-03-01', 'till-1', { orders: 1, net: '2.50' }),
    ...saleAt('2', 'till-1', DAY),
  ])
  const closed = () => sql`select business_day, incomplete from batch.closed_days order by 1`
  await runDue('2026-03-03T03:00:00Z')
  expect(await closed()).toEqual([{ business_day: '2026-03-01', incomplete: false }])
  await runDue('2026-03-03T09:00:00Z')
  expect(await closed()).toEqual([
    { business_day: '2026-03-01', incomplete: false },
    { business_day: '2026-03-02', incomplete: true },
  ])
})

test('Completeness holds the log against the Z reports, register by register', async () => {
  const { sql, runDue } = await createTestBatch()
  const completeness = () => sql`
    select business_day, register, z_orders, z_net, log_orders, log_net, state
    from batch.completeness where business_day = '2026-03-02' order by register`
  await appendTestEvents(sql, [
    ...['till-1', 'till-2', 'till-3'].flatMap(register =>
      closeTill('2026-03-01', register, { orders: 0, net: '0' }),
    ),
    ...saleAt('1', 'till-1', DAY),
    ...saleAt('2', 'till-2', DAY),
    ...saleAt('3', 'till-new', DAY),
    ...closeTill('2026-03-02', 'till-1', { orders: 1, net: '2.50' }),
    ...closeTill('2026-03-02', 'till-2', { orders: 2, net: '5.00' }),
  ])
  await runDue('2026-03-03T12:00:00Z')
  const [till1, till2, till3, newTill] = [
    {
      business_day: '2026-03-02',
      register: 'till-1',
      z_orders: 1,
      z_net: 25_000,
      log_orders: 1,
      log_net: 25_000,
      state: 'complete',
    },
    {
      business_day: '2026-03-02',
      register: 'till-2',
      z_orders: 2,
      z_net: 50_000,
      log_orders: 1,
      log_net: 25_000,
      state: 'different',
    },
    {
      business_day: '2026-03-02',
      register: 'till-3',
      z_orders: null,
      z_net: null,
      log_orders: 0,
      log_net: 0,
      state: 'missing',
    },
    {
      business_day: '2026-03-02',
      register: 'till-new',
      z_orders: null,
      z_net: null,
      log_orders: 1,
      log_net: 25_000,
      state: 'missing',
    },
  ]
  expect(await completeness()).toEqual([till1, till2, till3, newTill])
  // A Z report of the next day's clock, and a corrected one: both belong to the day they name.
  const nextDay = closeTill('2026-03-02', 'till-3', { orders: 0, net: '0' }).map(event => ({
    ...event,
    eventTime: Date.parse('2026-03-03T08:00:00Z'),
    businessDay: '2026-03-03',
  }))
  const corrected = closeTill('2026-03-02', 'till-2', { orders: 1, net: '2.5' }).map(event => ({
    ...event,
    eventTime: event.eventTime + 60_000,
  }))
  await appendTestEvents(sql, [...nextDay, ...corrected])
  await runDue('2026-03-03T13:00:00Z')
  expect((await completeness()).map(row => row.state)).toEqual([
    'complete',
    'complete',
    'complete',
    'missing',
  ])
})

test('What a late Z report is the first of, its register or its weekday, is missing on the days after it, in whatever month', async () => {
  const { sql, runDue } = await createTestBatch()
  const missing = () => sql`
    select business_day, register from batch.completeness where state = 'missing' order by business_day`
  await appendTestEvents(sql, [
    ...saleAt('sat', 'till-1', '2026-02-28T10:00:00+01:00'),
    ...['2026-03-03', '2026-03-10', '2026-03-27'].flatMap(day => [
      ...saleAt(day, 'till-1', `${day}T10:00:00+01:00`),
      ...closeTill(day, 'till-1', { orders: 1, net: '2.50' }),
    ]),
    // Four Saturdays after the one without its Z report; only goods came.
    ...toLogEvents(received({ id: 'goods', at: '2026-03-28T10:00:00+01:00' }, [{ sku: 'tea', units: 6 }])),
  ])
  await runDue('2026-03-29T12:00:00Z')
  expect(await missing()).toEqual([])
  await appendTestEvents(sql, closeTill('2026-02-28', 'till-2', { orders: 0, net: '0' }))
  await runDue('2026-03-29T13:00:00Z')
  expect(await missing()).toEqual([
    { business_day: '2026-02-28', register: 'till-1' },
    { business_day: '2026-03-03', register: 'till-2' },
    { business_day: '2026-03-28', register: 'till-1' },
  ])
})

test('A journal store without its journal awaits it', async () => {
  const { sql, runDue } = await createTestBatch()
  await sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
  const journal = (id: string, day: string) =>
    toLogEvents(placed({ id, at: `${day}T10:00:00+01:00` }, TEA), { class: 'bulk' })
  await appendTestEvents(sql, [...journal('1', '2026-03-02'), ...journal('2', '2026-03-09')])
  await runDue('2026-03-17T12:00:00Z')
  const states = () => sql`select business_day, register, state from batch.completeness order by 1`
  expect(await states()).toEqual([{ business_day: '2026-03-16', register: '', state: 'awaiting journal' }])
  await appendTestEvents(sql, journal('3', '2026-03-16'))
  await runDue('2026-03-17T13:00:00Z')
  expect(await states()).toEqual([])
})

test('A month asked for with a day that goes on is counted without that day on schedule, and that is no loss', async () => {
  const { sql, run, runDue } = await createTestBatch()
  const today = '2026-03-03T10:00:00+01:00'
  await appendTestEvents(sql, [
    ...toLogEvents(placed({ id: '1', at: DAY }, TEA)),
    ...toLogEvents(placed({ id: '2', at: today }, [{ sku: 'coffee', units: 1, unitPrice: '4.00' }])),
  ])
  const jobs = ['daily_product_sales', 'monthly_product_sales']
  await run(jobs, { from: '2026-03-02', to: '2026-03-03' }, { now: () => Date.parse(MORNING) })
  await appendTestEvents(sql, toLogEvents(placed({ id: '3', at: DAY }, TEA)))
  const { sets } = await runDue(MORNING)
  expect(sets.flatMap(set => set.failed)).toEqual([])
  expect(await sql`select sku, units from batch.monthly_product_sales where store = 'berlin'`).toEqual([
    { sku: 'tea', units: 2 },
  ])
})
