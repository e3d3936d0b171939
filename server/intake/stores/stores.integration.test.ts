import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
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

test('stores are added with the partition of their id, and listed', async () => {
  expect(await addStores(database.sql, [definition('b'), definition('a')])).toEqual([
    { id: 'a', change: 'added' },
    { id: 'b', change: 'added' },
  ])
  const stores = (await listStores(database.sql)).map(({ versions, ...store }) => ({
    ...store,
    versions: versions.map(({ zone, cutOverHour }) => ({ zone, cutOverHour })),
  }))
  const versions = [{ zone: 'Europe/Berlin', cutOverHour: 4 }]
  expect(stores).toEqual([
    { id: 'a', name: 'a', partition: partitionOf('a', 4), versions },
    { id: 'b', name: 'b', partition: partitionOf('b', 4), versions },
  ])
})

test('a store without events may change, one that says the same is left alone', async () => {
  await addStores(database.sql, [definition('empty')])
  expect(await addStores(database.sql, [definition('empty')])).toEqual([{ id: 'empty', change: 'unchanged' }])
  const change = definition('empty', { zone: 'America/New_York', currency: 'USD', cutOverHour: 0 })
  expect(await addStores(database.sql, [change])).toEqual([{ id: 'empty', change: 'changed' }])
})

test.each<[Partial<StoreDefinition>, RegExp]>([
  [{ zone: 'Europe/London' }, /its zone from Europe\/Berlin to Europe\/London/],
  [{ cutOverHour: 0 }, /its cutOverHour from 4 to 0/],
  [{ currency: 'CHF', cutOverHour: 1 }, /its cutOverHour from 4 to 1 and its currency from EUR to CHF/],
])('%o of a store with events is refused, and nothing of the command happens', async (change, message) => {
  await addStores(database.sql, [definition('sold')])
  await sellIn('sold')
  const before = await listStores(database.sql)
  await expect(
    addStores(database.sql, [definition('brand-new'), definition('sold', change)]),
  ).rejects.toThrow(message)
  expect(await listStores(database.sql)).toEqual(before)
})

test('the name of a store with events may change', async () => {
  await addStores(database.sql, [definition('renamed')])
  await sellIn('renamed')
  expect(
    await addStores(database.sql, [definition('renamed', { name: 'Am Markt', input: 'journal' })]),
  ).toEqual([{ id: 'renamed', change: 'changed' }])
})

test('a zone that Postgres does not know under this spelling is refused', async () => {
  await expect(addStores(database.sql, [definition('odd', { zone: 'europe/berlin' })])).rejects.toThrow(
    /Postgres does not know the time zone europe\/berlin/,
  )
})

test('a mapping brings stores where they are missing and refuses those that differ', async () => {
  await addStores(database.sql, [definition('known', { name: 'Known' })])
  await bringStores(database.sql, [definition('known', { name: 'Other' }), definition('brought')])
  const stores = new Map((await listStores(database.sql)).map(store => [store.id, store.name]))
  expect([stores.get('known'), stores.get('brought')]).toEqual(['Known', 'brought'])
  await expect(bringStores(database.sql, [definition('known', { currency: 'CHF' })])).rejects.toThrow(
    /brings store "known" with currency CHF, but it exists with EUR/,
  )
})
