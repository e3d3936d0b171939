import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { requeueDeadLetter } from './requeue.ts'
import type { IntakeService } from './service.ts'
import { addTestStores, order, post, startTestIntake } from './testing/intake.ts'

let database: TestDatabase
let intake: IntakeService
let log: OrderLog

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startTestIntake(database.url)
  log = createPostgresLog(database.sql)
})

afterAll(async () => {
  await intake?.stop()
  await database?.drop()
})

/** A dead letter that came over HTTP. @returns its id and payload */
async function deadLetter(
  source: string,
  fields: Record<string, unknown>,
): Promise<{ id: number; payload: string }> {
  await post(intake, order('1', { source, ...fields }))
  const [row] = await database.sql<{ id: number; payload: Buffer }[]>`
    select dead_letter as id, payload from intake.dead_letters where source = ${source} order by dead_letter desc limit 1`
  if (!row) throw new Error('no dead letter')
  return { id: row.id, payload: row.payload.toString() }
}

const requeue = (id: number, payload: string) =>
  requeueDeadLetter({ sql: database.sql, log, clock: Date.now }, { deadLetter: id, payload })

async function letterState(id: number): Promise<Record<string, unknown> | undefined> {
  const [row] =
    await database.sql`select state, settlement from intake.dead_letters where dead_letter = ${id}`
  return row
}

test('a repaired letter counts once, however often it is sent', async () => {
  const { id, payload } = await deadLetter('requeue-1', { store: 'berlim' })
  const repaired = payload.replace('berlim', 'berlin')
  const outcomes = await Promise.all([requeue(id, repaired), requeue(id, repaired)])
  expect(outcomes.filter(outcome => outcome.kind === 'appended')).toHaveLength(1)
  expect(await requeue(id, repaired)).toEqual({ kind: 'settled', state: 'requeued' })
  const rows = await database.sql`select class from log.event_log where source = 'requeue-1'`
  expect([...rows]).toEqual([{ class: 'live' }])
  expect(await letterState(id)).toMatchObject({
    state: 'requeued',
    settlement: { outcome: expect.any(String) },
  })
})

test('a letter that is still wrong stays open, with the new reason', async () => {
  const { id, payload } = await deadLetter('requeue-2', { store: 'berlim' })
  expect(await requeue(id, payload)).toMatchObject({
    kind: 'rejected',
    rejection: { reason: 'unknown_store' },
  })
  expect(await requeue(id, '{"half":')).toMatchObject({
    kind: 'rejected',
    rejection: { reason: 'invalid_json' },
  })
  expect(await letterState(id)).toEqual({ state: 'open', settlement: null })
})

test('a crash between append and mark is made good by the next try', async () => {
  const { id, payload } = await deadLetter('requeue-3', { store: 'berlim' })
  const repaired = payload.replace('berlim', 'berlin')
  await post(intake, repaired)
  expect(await requeue(id, repaired)).toEqual({ kind: 'duplicate' })
  expect(await letterState(id)).toMatchObject({ state: 'requeued', settlement: { outcome: 'duplicate' } })
})

test('a conflicting duplicate needs an id of its own', async () => {
  await post(intake, order('1', { source: 'requeue-4' }))
  const { id, payload } = await deadLetter('requeue-4', { currency: 'EUR', customer: 'c-1' })
  expect(await requeue(id, payload)).toMatchObject({
    kind: 'rejected',
    rejection: { reason: 'conflicting_duplicate' },
  })
  expect(await requeue(id, payload.replace('"id":"1"', '"id":"1-corrected"'))).toMatchObject({
    kind: 'appended',
  })
})

test('a letter that does not exist is not open', async () => {
  expect(await requeue(999_999, '{}')).toEqual({ kind: 'settled', state: 'unknown' })
})
