import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { counted, placed, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch } from './testing/batch.ts'

const TEA = [{ sku: 'tea', units: 1, unitPrice: '2.50' }]
const MONDAY = '2026-03-02'
const TUESDAY = '2026-03-03'
const WEDNESDAY = '2026-03-04'
const THURSDAY = '2026-03-05'

/** A sale as a journal has it. */
function sale(id: string, day: string, register = 'till-1'): LogEvent[] {
  return toLogEvents({ ...placed({ id, at: `${day}T10:00:00+01:00` }, TEA), register }, { class: 'bulk' })
}

/** The Z report at the end of a journal. */
function closing(day: string, z: { orders: number; net: string; register?: string }): LogEvent[] {
  const { orders, net, register = 'till-1' } = z
  return toLogEvents(
    {
      source: 'berlin',
      id: `z-${day}-${register}`,
      type: 'till.closed',
      store: 'berlin',
      register,
      eventTime: `${day}T20:00:00+01:00`,
      businessDay: day,
      currency: 'EUR',
      orders,
      units: orders,
      net,
    },
    { class: 'bulk' },
  )
}

/** Goods counted by hand, and not by a till. */
function count(id: string, day: string, came: 'live' | 'bulk'): LogEvent[] {
  const event = counted({ id, at: `${day}T12:00:00+01:00` }, [{ sku: 'tea', units: 5 }])
  return toLogEvents(event, { class: came })
}

function review(id: string, day: string): LogEvent[] {
  const event = { source: 'shop', id, type: 'review.posted', store: 'berlin', sku: 'tea', rating: 5 } as const
  return toLogEvents({ ...event, eventTime: `${day}T12:00:00+01:00` }, { class: 'bulk' })
}

async function journalStore() {
  const batch = await createTestBatch()
  const { sql } = batch
  await sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
  await appendTestEvents(sql, [...sale('1', MONDAY), ...closing(MONDAY, { orders: 1, net: '2.50' })])
  return batch
}

async function states(
  sql: Sql,
  day = TUESDAY,
): Promise<[register: string, state: string, logOrders: number][]> {
  const rows = await sql<{ register: string; state: string; orders: number }[]>`
    select register, state, log_orders as orders from batch.completeness where business_day = ${day} order by register`
  return rows.map(({ register, state, orders }) => [register, state, orders])
}

async function closed(sql: Sql): Promise<[day: string, incomplete: boolean][]> {
  const rows = await sql<{ day: string; incomplete: boolean }[]>`
    select business_day as day, incomplete from batch.closed_days order by 1`
  return rows.map(({ day, incomplete }) => [day, incomplete])
}

test('A journal that comes in pieces is awaited until its last, with the Z report, completes and closes the day', async () => {
  const { sql, runDue } = await journalStore()
  // The night after: nothing of Tuesday has come.
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([['till-1', 'awaiting journal', 0]])
  expect(await closed(sql)).toEqual([[MONDAY, false]])
  await appendTestEvents(sql, sale('2', TUESDAY))
  await runDue('2026-03-04T03:40:00Z')
  expect(await states(sql)).toEqual([['till-1', 'awaiting journal', 1]])
  expect(await closed(sql)).toEqual([[MONDAY, false]])
  await appendTestEvents(sql, [...sale('3', TUESDAY), ...closing(TUESDAY, { orders: 2, net: '5.00' })])
  await runDue('2026-03-04T03:50:00Z')
  expect(await states(sql)).toEqual([['till-1', 'complete', 2]])
  expect(await closed(sql)).toEqual([
    [MONDAY, false],
    [TUESDAY, false],
  ])
})

test('The day is published incomplete after six hours, and a journal a day later completes it and restates it', async () => {
  const { sql, runDue } = await journalStore()
  await appendTestEvents(sql, sale('2', TUESDAY))
  await runDue('2026-03-04T09:00:00Z')
  expect(await closed(sql)).toEqual([
    [MONDAY, false],
    [TUESDAY, true],
  ])
  await appendTestEvents(sql, [...sale('3', TUESDAY), ...closing(TUESDAY, { orders: 2, net: '5.00' })])
  await runDue('2026-03-05T04:00:00Z')
  expect(await states(sql)).toEqual([['till-1', 'complete', 2]])
  const restated = await sql<{ metric: string }[]>`
    select metric from batch.restatements where business_day = ${TUESDAY} and metric = 'orders'`
  expect(restated).toHaveLength(1)
})

test('A journal that lacks sales its Z report knows is different; the missing ones complete it', async () => {
  const { sql, runDue } = await journalStore()
  await appendTestEvents(sql, [...sale('2', TUESDAY), ...closing(TUESDAY, { orders: 2, net: '5.00' })])
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([['till-1', 'different', 1]])
  await appendTestEvents(sql, sale('3', TUESDAY))
  await runDue('2026-03-04T03:40:00Z')
  expect(await states(sql)).toEqual([['till-1', 'complete', 2]])
})

test('When the journal is there, a till without its Z report is missing, not awaited', async () => {
  const { sql, runDue } = await journalStore()
  await appendTestEvents(sql, closing(MONDAY, { orders: 0, net: '0', register: 'till-2' }))
  await appendTestEvents(sql, [...sale('2', TUESDAY), ...closing(TUESDAY, { orders: 1, net: '2.50' })])
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([
    ['till-1', 'complete', 1],
    ['till-2', 'missing', 0],
  ])
})

test('A review of the day is no journal', async () => {
  const { sql, runDue } = await journalStore()
  await appendTestEvents(sql, review('r1', TUESDAY))
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([['till-1', 'awaiting journal', 0]])
  expect(await closed(sql)).toEqual([[MONDAY, false]])
})

test('Goods that are counted on a day of rest await no journal, and are none on a day of work', async () => {
  const { sql, runDue } = await journalStore()
  // A Monday, a Tuesday and a Thursday: of Wednesdays nothing is known.
  await appendTestEvents(sql, [...sale('2', TUESDAY), ...closing(TUESDAY, { orders: 1, net: '2.50' })])
  await appendTestEvents(sql, [...sale('3', THURSDAY), ...closing(THURSDAY, { orders: 1, net: '2.50' })])
  await appendTestEvents(sql, [...count('c1', WEDNESDAY, 'live'), ...count('c2', '2026-03-09', 'bulk')])
  await runDue('2026-03-10T03:30:00Z')
  expect(await states(sql, WEDNESDAY)).toEqual([])
  expect(await states(sql, '2026-03-09')).toEqual([['till-1', 'awaiting journal', 0]])
  expect(await closed(sql)).toEqual([MONDAY, TUESDAY, WEDNESDAY, THURSDAY].map(day => [day, false]))
})

test('A Z report that is printed after midnight is no journal of the day that has begun', async () => {
  const { sql, runDue } = await journalStore()
  const [late] = closing(MONDAY, { orders: 0, net: '0', register: 'till-2' })
  if (!late) throw new Error('no Z report')
  await appendTestEvents(sql, [{ ...late, businessDay: TUESDAY }])
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([
    ['till-1', 'awaiting journal', 0],
    ['till-2', 'awaiting journal', 0],
  ])
  expect(await closed(sql)).toEqual([[MONDAY, false]])
})

test('Of a store that is new the next journal is expected too', async () => {
  const { sql, runDue } = await journalStore()
  await runDue('2026-03-05T12:00:00Z')
  // After Tuesday nothing tells: its journal may be the first of a week's rest.
  expect(await states(sql)).toEqual([['till-1', 'awaiting journal', 0]])
  expect(await states(sql, '2026-03-04')).toEqual([])
})

// The case files/25-closed-saturday: a store that sells on Friday and Sunday, and closes on Saturdays.
const [FRIDAY, SATURDAY, SUNDAY] = ['2025-09-05', '2025-09-06', '2025-09-07']

async function fridayAndSunday(withReports: boolean) {
  const batch = await createTestBatch()
  const { sql } = batch
  await sql`update ref.store_versions set input = 'journal' where store = 'berlin'`
  for (const day of [FRIDAY, SUNDAY]) {
    await appendTestEvents(sql, sale(day, day))
    if (withReports) await appendTestEvents(sql, closing(day, { orders: 1, net: '2.50' }))
  }
  return batch
}

/** Of that September: where opening days are known, a store that goes on is awaited to this day. */
async function awaited(sql: Sql): Promise<string[]> {
  const rows = await sql<{ day: string }[]>`
    select business_day as day from reports.completeness
    where state = 'awaiting journal' and business_day < '2025-10-01' order by 1`
  return rows.map(({ day }) => day)
}

test('A Saturday on which a store was closed is not awaited once both Z reports around it are in', async () => {
  const { sql, runDue } = await fridayAndSunday(true)
  await runDue('2025-09-08T03:30:00Z')
  expect(await awaited(sql)).toEqual([])
  expect(await closed(sql)).toEqual([
    [FRIDAY, false],
    [SUNDAY, false],
  ])
  await runDue('2026-11-29T12:00:00Z')
  expect(await awaited(sql)).toEqual([])
})

test('It is not awaited where the opening days say so, also when that is learnt afterwards', async () => {
  const { sql, runDue } = await fridayAndSunday(false)
  await runDue('2025-09-08T03:30:00Z')
  const states = () => sql<{ state: string }[]>`
    select state from batch.completeness where business_day = ${SATURDAY}`
  expect(await states()).toEqual([{ state: 'awaiting journal' }])
  await sql`update ref.store_versions set opening_days = '{1,2,3,4,5,7}' where store = 'berlin'`
  await runDue('2025-09-08T03:40:00Z')
  expect(await states()).toEqual([])
  await runDue('2026-11-29T12:00:00Z')
  expect(await awaited(sql)).toEqual([])
})

test('A journal that has not come within four weeks is missing, and no longer awaited', async () => {
  const { sql, runDue } = await fridayAndSunday(false)
  await runDue('2025-09-08T03:30:00Z')
  const states = await sql<{ day: string; state: string }[]>`
    select business_day as day, state from reports.completeness order by 1`
  expect(states).toEqual([{ day: SATURDAY, state: 'missing' }])
})

test('A store that closed for good expects neither journal nor Z report', async () => {
  const { sql, runDue } = await journalStore()
  await sql`update ref.store_versions set closed = ${MONDAY} where store = 'berlin'`
  await runDue('2026-03-04T03:30:00Z')
  expect(await states(sql)).toEqual([])
  expect(await closed(sql)).toEqual([[MONDAY, false]])
})
