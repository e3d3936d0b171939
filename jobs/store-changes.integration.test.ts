import { expect, test } from 'vitest'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch, ranSlots, type TestBatch } from './testing/batch.ts'

// The case events/tax-flag-changed-later: New York's prices are without tax, and 8.875 is paid on top of 100.00.
const LINES = [{ sku: 'A', units: 1, unitPrice: '100.00', tax: '8.875' }]
const sale = (id: string, at: string) =>
  toLogEvents({ ...placed({ id, at, store: 'new-york' }, LINES), tender: 'card' } as never)

async function novemberInNewYork(): Promise<TestBatch> {
  const batch = await createTestBatch()
  await appendTestEvents(batch.sql, sale('n1', '2026-11-10T10:00:00-05:00'))
  await batch.runDue('2026-11-29T12:00:00Z')
  expect(await paid(batch)).toEqual([['2026-11-01', '108.8750']])
  return batch
}

async function paid({ sql }: TestBatch): Promise<[month: string, amount: string][]> {
  const rows = await sql<{ month: string; amount: string }[]>`
    select month, amount::text from reports.monthly_tenders where store = 'new-york' and tender = 'card' order by 1`
  return rows.map(({ month, amount }) => [month, amount])
}

function addVersion({ sql }: TestBatch, from: string) {
  return sql`
    insert into ref.store_versions (store, valid_from, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    select store, ${from}, zone, cut_over_hour, currency, true, channel, input
    from ref.store_versions where store = 'new-york'`
}

test("Tenders of November stay what they were when the store's tax flag changes for the future", async () => {
  const batch = await novemberInNewYork()
  await addVersion(batch, '2026-12-01')
  expect(ranSlots(await batch.runDue('2026-11-29T12:02:00Z'))).toEqual([])
  await appendTestEvents(batch.sql, sale('n2', '2026-12-01T10:00:00-05:00'))
  await batch.runDue('2027-01-02T12:00:00Z')
  expect(await paid(batch)).toEqual([
    ['2026-11-01', '108.8750'],
    ['2026-12-01', '100.0000'],
  ])
})

test('A version that holds for past days makes their reports run again, and no others', async () => {
  const batch = await novemberInNewYork()
  await appendTestEvents(batch.sql, sale('o1', '2026-10-10T10:00:00-05:00'))
  await batch.runDue('2026-11-29T12:01:00Z')
  await addVersion(batch, '2026-11-01')
  expect(ranSlots(await batch.runDue('2026-11-29T12:02:00Z')).sort()).toEqual([
    'completeness new-york 2026-11-10',
    'monthly_tenders new-york 2026-11-01',
  ])
  expect(await paid(batch)).toEqual([
    ['2026-10-01', '108.8750'],
    ['2026-11-01', '100.0000'],
  ])
  expect(ranSlots(await batch.runDue('2026-11-29T12:03:00Z'))).toEqual([])
})

test('The hours of a day on which clocks are set by half an hour add up, and are told apart', async () => {
  const batch = await createTestBatch()
  const { sql } = batch
  await sql`update ref.store_versions set zone = 'Australia/Lord_Howe' where store = 'berlin'`
  // 01:45 comes twice on 5 April 2026: before and after clocks are set back from 02:00 to 01:30.
  const events = ['2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z', '2026-04-04T15:45:00Z'].flatMap(at =>
    toLogEvents(placed({ id: at, at }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }])),
  )
  await appendTestEvents(
    sql,
    events.map(event => ({ ...event, businessDay: '2026-04-04' })),
  )
  await batch.runDue('2026-04-06T12:00:00Z')
  const hours = await sql<{ start: number; hour: string }[]>`
    select hour_start as start, local_hour as hour from reports.hourly_sales order by 1`
  expect(hours.map(({ start, hour }) => [new Date(start).toISOString(), hour])).toEqual([
    ['2026-04-04T14:00:00.000Z', '01:00 +11:00'],
    ['2026-04-04T15:00:00.000Z', '01:30 +10:30'],
    ['2026-04-04T15:30:00.000Z', '02:00 +10:30'],
  ])
})

test('The hour that comes twice in autumn has two rows, which say by which clock', async () => {
  const batch = await createTestBatch()
  const events = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].flatMap(at =>
    toLogEvents(placed({ id: at, at }, [{ sku: 'tea', units: 1, unitPrice: '1.00' }])),
  )
  await appendTestEvents(batch.sql, events)
  await batch.runDue('2026-10-26T12:00:00Z')
  expect(await batch.sql`select local_hour from reports.hourly_sales order by hour_start`).toEqual([
    { local_hour: '02:00 +02:00' },
    { local_hour: '02:00 +01:00' },
  ])
})
