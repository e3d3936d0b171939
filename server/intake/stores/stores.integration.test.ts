import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { businessDaySpan } from '#domain/business-day.ts'
import { partitionOf } from '#domain/partition.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { type StoreDefinition, storeSchema } from './store-definition.ts'
import { addStores, bringStores, listStores } from './stores.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
})

afterAll(async () => {
  await database?.drop()
})

function definition(id: string, fields: Partial<StoreDefinition> = {}): StoreDefinition {
  return storeSchema.parse({
    id,
    name: id,
    zone: 'Europe/Berlin',
    cutOverHour: 4,
    currency: 'EUR',
    ...fields,
  })
}

async function sellIn(id: string): Promise<void> {
  const event = testEvent({ id: `sale-of-${id}`, partition: partitionOf(id, 4) })
  await createPostgresLog(database.sql).append(event.partition, [{ ...event, store: id }])
}

async function versionsOf(id: string) {
  const store = (await listStores(database.sql)).find(entry => entry.id === id)
  return store?.versions.map(({ validFrom, zone, cutOverHour, taxInclusive }) => ({
    ...{ validFrom, zone, cutOverHour, taxInclusive },
  }))
}

test('stores are added with the partition of their id, and listed', async () => {
  expect(await addStores(database.sql, [definition('b'), definition('a')])).toMatchObject([
    { id: 'a', change: 'added' },
    { id: 'b', change: 'added' },
  ])
  const [version] = (await listStores(database.sql))[0]?.versions ?? []
  expect(version).toEqual({
    ...{
      validFrom: '1900-01-01',
      zone: 'Europe/Berlin',
      cutOverHour: 4,
      currency: 'EUR',
      taxInclusive: true,
    },
    ...{ channel: 'pos', input: 'live', openingDays: null, openingTimes: null, opened: null, closed: null },
    location: null,
  })
  expect((await listStores(database.sql)).map(({ id, partition }) => [id, partition])).toEqual([
    ['a', partitionOf('a', 4)],
    ['b', partitionOf('b', 4)],
  ])
})

test('a store without events may change, one that says the same is left alone', async () => {
  await addStores(database.sql, [definition('empty')])
  expect(await addStores(database.sql, [definition('empty')])).toEqual([{ id: 'empty', change: 'unchanged' }])
  const change = definition('empty', { zone: 'America/New_York', currency: 'USD', cutOverHour: 0 })
  expect(await addStores(database.sql, [change])).toMatchObject([{ id: 'empty', change: 'changed' }])
  expect(await versionsOf('empty')).toMatchObject([{ zone: 'America/New_York', cutOverHour: 0 }])
})

// The sale is of 2026-11-20 11:15 in Berlin.
test.each<[Partial<StoreDefinition>, RegExp]>([
  [
    { zone: 'America/Los_Angeles', validFrom: '2026-11-20' },
    /its zone from Europe\/Berlin to America\/Los_Angeles would move the business day of up to 1 event of 2026-11-20/,
  ],
  [{ cutOverHour: 12 }, /its cutOverHour from 4 to 12 .*"validFrom": "2026-11-21" or later/],
  [
    { cutOverHour: 23, zone: 'Europe/London' },
    /its zone from Europe\/Berlin to Europe\/London and its cutOverHour from 4 to 23/,
  ],
  [{ currency: 'CHF' }, /its currency from EUR to CHF would change .* or add --restate/],
])('%o would move figures: it is refused, and nothing of the command happens', async (change, message) => {
  await addStores(database.sql, [definition('sold')])
  await sellIn('sold')
  const before = await listStores(database.sql)
  await expect(
    addStores(database.sql, [definition('brand-new'), definition('sold', change)]),
  ).rejects.toThrow(message)
  expect(await listStores(database.sql)).toEqual(before)
})

test('the same change holds from a day on that the log has nothing of', async () => {
  await addStores(database.sql, [definition('moves')])
  await sellIn('moves')
  const change = definition('moves', { zone: 'Pacific/Auckland', cutOverHour: 0, validFrom: '2026-11-22' })
  expect(await addStores(database.sql, [change])).toEqual([
    { id: 'moves', change: 'changed', validFrom: '2026-11-22' },
  ])
  expect(await versionsOf('moves')).toMatchObject([
    { validFrom: '1900-01-01', zone: 'Europe/Berlin' },
    { validFrom: '2026-11-22', zone: 'Pacific/Auckland' },
  ])
})

test('a zone with the same clocks moves nothing, and what decides no figure may change at any time', async () => {
  await addStores(database.sql, [definition('renamed')])
  await sellIn('renamed')
  const change = definition('renamed', {
    ...{ name: 'Am Markt', input: 'journal', zone: 'Europe/Vienna', closed: '2026-10-31' },
    ...{ openingDays: ['sat', 'mon', 'mon'], openingTimes: '09:00-18:00' },
  } as const)
  expect(await addStores(database.sql, [change])).toMatchObject([{ id: 'renamed', change: 'changed' }])
  const renamed = (await listStores(database.sql)).find(({ id }) => id === 'renamed')
  expect(renamed).toMatchObject({
    name: 'Am Markt',
    versions: [{ openingDays: ['mon', 'sat'], openingTimes: { mon: '09:00-18:00', sat: '09:00-18:00' } }],
  })
  // What is left out stays, null takes it back.
  await addStores(database.sql, [storeSchema.parse({ ...BARE, id: 'renamed', openingDays: null })])
  const bare = (await listStores(database.sql)).find(({ id }) => id === 'renamed')
  expect(bare?.versions).toMatchObject([{ input: 'journal', closed: '2026-10-31', openingDays: null }])
})

const BARE = { name: 'Am Markt', zone: 'Europe/Vienna', currency: 'EUR' }

test('a day that a change would swallow is refused by name', async () => {
  await addStores(database.sql, [definition('jumps', { zone: 'America/Los_Angeles', cutOverHour: 23 })])
  const change = definition('jumps', { zone: 'Pacific/Auckland', cutOverHour: 0, validFrom: '2027-01-10' })
  await expect(addStores(database.sql, [change])).rejects.toThrow(
    /the business day 2027-01-09 would end before it begins/,
  )
})

test('a zone has one spelling', async () => {
  await expect(addStores(database.sql, [definition('odd', { zone: 'europe/berlin' })])).rejects.toThrow(
    /the time zone europe\/berlin is written Europe\/Berlin/,
  )
})

test('a store added by a younger time zone data than that of Postgres has days in SQL', async () => {
  await addStores(database.sql, [definition('calgary', { zone: 'America/Edmonton' })])
  const [row] = await database.sql<{ start: number }[]>`
    select starts_at as start from ref.store_days(array['calgary'], '2030-01-10', '2030-01-10')`
  const { start } = businessDaySpan('2030-01-10', { zone: 'America/Edmonton', cutOverHour: 4 })
  expect(row?.start).toBe(start)
})

test('a mapping brings stores where they are missing and refuses those that differ', async () => {
  await addStores(database.sql, [definition('known', { name: 'Known' })])
  await bringStores(database.sql, [
    definition('known', { name: 'Other' }),
    definition('brought', { openingDays: ['mon'], closed: '2026-12-31' }),
  ])
  const stores = new Map((await listStores(database.sql)).map(store => [store.id, store]))
  expect([stores.get('known')?.name, stores.get('brought')?.versions[0]?.openingDays]).toEqual([
    'Known',
    ['mon'],
  ])
  await expect(bringStores(database.sql, [definition('known', { currency: 'CHF' })])).rejects.toThrow(
    /brings store "known" with currency CHF, but it exists with EUR/,
  )
})

test.each([
  [{ openingDays: ['mon', 'someday'] }, /is no weekday/],
  [{ validFrom: '1899-12-31' }, /no business day/],
  [{ closed: '2026-02-30' }, /no business day/],
  [{ location: { latitude: 91, longitude: 0 } }, /<=90/],
  [{ location: { latitude: 52.5 } }, /longitude/],
  [{ opened: '2026-02-02', closed: '2026-02-01' }, /lies before opened/],
  [{ openingTimes: '9-20' }, /opening and closing time/],
  [{ openingTimes: { someday: '09:00-20:00' } }, /is no weekday/],
])('%o is no definition', (fields, message) => {
  const parsed = storeSchema.safeParse({ ...BARE, id: 'x', ...fields })
  expect(parsed.error?.message).toMatch(message)
})

// The case events/tax-flag-changed-later.
async function sellTaxed(id: string, tenders: { type: string; amount: number | null }[]): Promise<void> {
  const event = testEvent({ id: `taxed-${id}`, partition: partitionOf(id, 4) })
  await createPostgresLog(database.sql).append(event.partition, [
    { ...event, store: id, totalTax: 88_750, details: { tenders } },
  ])
}

test('a tax flag changes for the future; for the past it is refused, or recorded as a restatement', async () => {
  const { sql } = database
  await addStores(sql, [definition('taxed', { taxInclusive: false })])
  await sellTaxed('taxed', [{ type: 'card', amount: null }])
  const inclusive = definition('taxed', { taxInclusive: true })
  await expect(addStores(sql, [inclusive])).rejects.toThrow(
    /its taxInclusive from false to true would change the amount paid of up to 1 event of 2026-11-20 in the reports\. .*"validFrom": "2026-11-21" or later, or add --restate/,
  )
  await addStores(sql, [{ ...inclusive, validFrom: '2026-11-21' }])
  expect(await versionsOf('taxed')).toMatchObject([{ taxInclusive: false }, { taxInclusive: true }])
  const [restated] = await addStores(sql, [{ ...inclusive, validFrom: '2026-11-20' }], { restate: true })
  expect(restated).toMatchObject({ change: 'changed', restates: expect.stringContaining('2026-11-20') })
  expect(
    await sql`select business_day, metric, cause from reports.restatements where store = 'taxed'`,
  ).toMatchObject([{ business_day: '2026-11-20', metric: 'store' }])
})

test('a tax flag that would contradict what documents say was paid is refused, --restate or not', async () => {
  const { sql } = database
  await addStores(sql, [definition('split', { taxInclusive: false })])
  await sellTaxed('split', [
    { type: 'card', amount: 50_000 },
    { type: 'cash', amount: 89_750 },
  ])
  const before = await sql`select * from log.event_log where store = 'split'`
  await expect(
    addStores(sql, [definition('split', { taxInclusive: true })], { restate: true }),
  ).rejects.toThrow(/would move the tenders .* the log is never changed/)
  expect(await sql`select * from log.event_log where store = 'split'`).toEqual(before)
})
