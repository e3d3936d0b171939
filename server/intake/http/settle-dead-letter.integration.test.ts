import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, order, post, startTestIntake } from '#server/intake/testing/intake.ts'

const KEY = 'a-key-of-the-tests'
const BEARER = { Authorization: `Bearer ${KEY}` }

let database: TestDatabase
let intake: IntakeService

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startTestIntake(database.url, { intakeKey: KEY })
})

afterAll(async () => {
  await intake?.stop()
  await database?.drop()
})

async function deadLetter(source: string, fields: Record<string, unknown>) {
  await post(intake, order('1', { source, ...fields }), BEARER)
  const [row] = await database.sql<{ id: number; payload: Buffer }[]>`
    select dead_letter as id, payload from intake.dead_letters where source = ${source}`
  if (!row) throw new Error('no dead letter')
  return { id: row.id, payload: row.payload.toString() }
}

async function settle(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${intake.url}/api/v1/dead-letters/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...BEARER, ...headers },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function appended(source: string): Promise<number> {
  const rows = await database.sql`select 1 from log.event_log where source = ${source}`
  return rows.length
}

test('a repaired letter goes into the log once; asked again, the answer says that it is settled', async () => {
  const { id, payload } = await deadLetter('settle-1', { store: 'berlim' })
  const repaired = payload.replace('berlim', 'berlin')
  expect(await settle(`${id}/requeue`, repaired)).toMatchObject({
    status: 200,
    body: { outcome: 'appended', entries: [{ offset: expect.any(Number) }] },
  })
  expect(await settle(`${id}/requeue`, repaired)).toMatchObject({
    status: 409,
    body: { detail: `Dead letter ${id} is requeued already.` },
  })
  expect(await appended('settle-1')).toBe(1)
})

test('a letter that is still wrong is refused with the new reason and stays open', async () => {
  const { id, payload } = await deadLetter('settle-2', { store: 'berlim' })
  expect(await settle(`${id}/requeue`, payload.replace('berlim', 'berlix'))).toMatchObject({
    status: 422,
    body: { reason: 'unknown_store', detail: expect.stringContaining('berlix') },
  })
  const [row] = await database.sql`select state from intake.dead_letters where dead_letter = ${id}`
  expect(row).toEqual({ state: 'open' })
})

test('without a body the event goes as it was kept: what was wrong may have been put right meanwhile', async () => {
  const { id } = await deadLetter('settle-3', { store: 'paris' })
  expect(await settle(`${id}/requeue`, '')).toMatchObject({ status: 422 })
  await database.sql`
    with added as (insert into ref.stores (store, name, partition) values ('paris', 'Paris', 0) returning store)
    insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    select store, 'Europe/Paris', 4, 'EUR', true, 'pos', 'live' from added`
  expect(await settle(`${id}/requeue`, '')).toMatchObject({ status: 200, body: { outcome: 'appended' } })
  expect(await appended('settle-3')).toBe(1)
})

test('a letter is discarded with a reason only, and then cannot be requeued', async () => {
  const { id, payload } = await deadLetter('settle-4', { store: 'berlim' })
  for (const body of ['', '{}', '{"reason": "  "}', '{"reason": 1}', 'no'])
    expect(await settle(`${id}/discard`, body)).toMatchObject({ status: 400 })
  expect(await settle(`${id}/discard`, '{"reason": "a test of the till"}')).toMatchObject({ status: 200 })
  const [row] = await database.sql`
    select state, settlement, settled_at is not null as settled from intake.dead_letters where dead_letter = ${id}`
  expect(row).toEqual({
    state: 'discarded',
    settlement: { outcome: 'discarded', reason: 'a test of the till' },
    settled: true,
  })
  expect(await settle(`${id}/requeue`, payload.replace('berlim', 'berlin'))).toMatchObject({ status: 409 })
  expect(await appended('settle-4')).toBe(0)
})

test('settling needs the key, the JSON type and a letter that exists; pages are told', async () => {
  const { id, payload } = await deadLetter('settle-5', { store: 'berlim' })
  const repaired = payload.replace('berlim', 'berlin')
  expect(await settle(`${id}/requeue`, repaired, { Authorization: 'Bearer other' })).toMatchObject({
    status: 403,
  })
  expect(await settle(`${id}/requeue`, repaired, { 'Content-Type': 'text/plain' })).toMatchObject({
    status: 415,
  })
  expect(await settle('999999/requeue', repaired)).toMatchObject({ status: 404 })
  expect(await settle('0/requeue', repaired)).toMatchObject({ status: 404 })
  expect(await appended('settle-5')).toBe(0)
  expect(await settle(`${id}/requeue`, repaired)).toMatchObject({ status: 200 })
  const [row] = await database.sql`
    select payload from live.ops_lane where kind = 'dead_letter' order by sequence desc limit 1`
  expect(row).toEqual({ payload: { deadLetter: id, state: 'requeued' } })
})
