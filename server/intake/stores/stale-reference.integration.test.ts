import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partitionOf } from '#domain/partition.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, order, post, startTestIntake } from '#server/intake/testing/intake.ts'
import { StaleReferenceError } from '#server/log/order-log.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { loadReference } from './reference.ts'
import { storeSchema } from './store-definition.ts'
import { addStores } from './stores.ts'

let database: TestDatabase
let intake: IntakeService

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  // Reads the reference now, and by itself only in ten seconds again.
  intake = await startTestIntake(database.url)
})

afterAll(async () => {
  await intake?.stop()
  await database?.drop()
})

const HAMBURG = storeSchema.parse({
  ...{ id: 'hamburg', name: 'Hamburg', zone: 'Europe/Berlin', currency: 'EUR' },
})

test('a store that changes between enrichment and append: the log has the day of the store as it is', async () => {
  const { sql } = database
  const at = new Date(Date.now() - 3_600_000)
  await addStores(sql, [{ ...HAMBURG, zone: 'Pacific/Kiritimati', cutOverHour: 0 }])
  const answer = await post(intake, order('moved', { store: 'hamburg', eventTime: at.toISOString() }))
  expect(answer.body).toMatchObject({ accepted: 1, rejected: [] })
  const day = new Date(at.getTime() + 14 * 3_600_000).toISOString().slice(0, 10)
  expect(await sql`select business_day from log.event_log where id = 'moved'`).toEqual([
    { business_day: day },
  ])
})

test('what is rejected by a store as it was is looked at again as it is', async () => {
  const tendered = {
    ...{ store: 'new-york', currency: 'USD', tenders: [{ type: 'card', amount: '10.00' }] },
    lines: [{ sku: 'tea', units: 1, unitPrice: '10.00', tax: '1.00' }],
  }
  const refused = await post(intake, order('taxed-1', tendered))
  expect(refused.body).toMatchObject({ rejected: [{ reason: 'tenders_differ' }] })
  await addStores(database.sql, [
    storeSchema.parse({
      ...{ id: 'new-york', name: 'New York', zone: 'America/New_York', currency: 'USD', taxInclusive: true },
    }),
  ])
  const taken = await post(intake, order('taxed-2', tendered))
  expect(taken.body).toMatchObject({ accepted: 1, rejected: [] })
})

test('the append refuses what an older reference has enriched, and stores nothing of it', async () => {
  const { sql } = database
  const log = createPostgresLog(sql)
  const partition = partitionOf('hamburg', 4)
  const event = { ...testEvent({ id: 'stale', partition }), store: 'hamburg' }
  const { revision } = await loadReference(sql)
  await addStores(sql, [{ ...HAMBURG, zone: 'Europe/Paris' }]).catch(() => {})
  await addStores(sql, [{ ...HAMBURG, zone: 'Pacific/Kiritimati', name: 'Altona' }])
  const end = await log.end()
  await expect(log.append(partition, [event], revision)).rejects.toThrow(StaleReferenceError)
  await expect(log.appendTogether([{ partition, events: [event] }], revision)).rejects.toThrow(
    StaleReferenceError,
  )
  expect(await log.end()).toEqual(end)
  const { revision: newest } = await loadReference(sql)
  expect((await log.append(partition, [event], newest)).outcomes).toMatchObject([{ kind: 'appended' }])
})

test('a code that becomes no merchandise counts as a change, a name does not', async () => {
  const { sql } = database
  const { revision } = await loadReference(sql)
  await sql`insert into ref.products (sku, name) values ('postage', 'Postage')`
  await sql`update ref.products set name = 'Stamps' where sku = 'postage'`
  expect((await loadReference(sql)).revision).toBe(revision)
  await sql`update ref.products set holds_stock = false where sku = 'postage'`
  expect((await loadReference(sql)).revision).toBeGreaterThan(revision)
})
