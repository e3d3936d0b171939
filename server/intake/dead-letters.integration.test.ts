import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { partitionOf } from '#domain/partition.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { type Appender, createAppender } from './append/appender.ts'
import { discardDeadLetter, insertDeadLetters, requeueDeadLetter } from './dead-letters.ts'
import type { IntakeService } from './service.ts'
import { loadReference } from './stores/reference.ts'
import { addTestStores, order, post, startTestIntake } from './testing/intake.ts'

let database: TestDatabase
let intake: IntakeService
let appender: Appender

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startTestIntake(database.url)
  appender = createAppender({
    log: createPostgresLog(database.sql),
    partitionCount: 4,
    maxBatch: { events: 10, bytes: 1_000_000 },
    maxPending: { events: 100, bytes: 1_000_000 },
    onAppended: () => {},
    newestReference: () => loadReference(database.sql),
  })
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
  requeueDeadLetter({ client: database.sql, appender, clock: Date.now }, { deadLetter: id, payload })

async function stateOfDeadLetter(id: number): Promise<Record<string, unknown> | undefined> {
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
  expect(await stateOfDeadLetter(id)).toMatchObject({
    state: 'requeued',
    settlement: { outcome: expect.any(String) },
  })
})

test('a letter that is still wrong stays open, with the new reason', async () => {
  const { id, payload } = await deadLetter('requeue-2', { store: 'berlim' })
  expect(await requeue(id, payload)).toMatchObject({
    kind: 'refused',
    rejection: { reason: 'unknown_store' },
  })
  expect(await requeue(id, '{"half":')).toMatchObject({
    kind: 'refused',
    rejection: { reason: 'invalid_json' },
  })
  expect(await stateOfDeadLetter(id)).toEqual({ state: 'open', settlement: null })
})

test('a crash between append and mark is made good by the next try', async () => {
  const { id, payload } = await deadLetter('requeue-3', { store: 'berlim' })
  const repaired = payload.replace('berlim', 'berlin')
  await post(intake, repaired)
  expect(await requeue(id, repaired)).toEqual({ kind: 'duplicate' })
  expect(await stateOfDeadLetter(id)).toMatchObject({
    state: 'requeued',
    settlement: { outcome: 'duplicate' },
  })
})

test('a conflicting duplicate needs an id of its own', async () => {
  await post(intake, order('1', { source: 'requeue-4' }))
  const { id, payload } = await deadLetter('requeue-4', { currency: 'EUR', customer: 'c-1' })
  expect(await requeue(id, payload)).toMatchObject({
    kind: 'conflict',
    rejection: { reason: 'conflicting_duplicate' },
  })
  expect(await requeue(id, payload.replace('"id":"1"', '"id":"1-corrected"'))).toMatchObject({
    kind: 'appended',
  })
})

test('what is out of bounds at the door is so when it is requeued, too', async () => {
  const report = { type: 'till.closed', register: '1', orders: 1, units: 1, net: '1.00' }
  const header = { source: 'requeue-6', id: 'z', store: 'berlin', currency: 'EUR' }
  const eventTime = '2026-03-02T20:00:00+01:00'
  await post(intake, { ...header, ...report, eventTime, businessDay: '9999-12-31' })
  const [letter] = await database.sql<{ id: number }[]>`
    select dead_letter as id from intake.dead_letters where source = 'requeue-6'`
  const id = letter?.id ?? 0
  const requeued = (businessDay: string) =>
    requeue(id, JSON.stringify({ ...header, ...report, eventTime, businessDay }))
  for (const day of ['9999-12-31', '2024-01-01'])
    expect(await requeued(day)).toMatchObject({ kind: 'refused', rejection: { reason: 'invalid_field' } })
  expect(await requeued('2026-03-02')).toMatchObject({ kind: 'appended' })
})

test('a letter of a part of a file’s document keeps its part, which no sender can claim', async () => {
  const payload = JSON.stringify({
    source: 'requeue-7',
    id: partId('B-1', 'adjust'),
    type: 'stock.adjusted',
    store: 'berlin',
    eventTime: '2026-03-02T20:00:00+01:00',
    lines: [{ sku: 'tea', units: -2_000_000 }],
  })
  const letter = {
    source: 'requeue-7',
    eventId: 'B-1',
    store: 'berlin',
    reason: 'invalid_field',
    detail: 'lines[0].units',
    payload: Buffer.from(payload),
  }
  await insertDeadLetters(database.sql, [
    { ...letter, metIn: { file: 'b.csv', sha256: '0', row: 2 } },
    { ...letter, metIn: { request: 'r', index: 0, remote: null } },
  ])
  const letters = await database.sql<{ id: number }[]>`
    select dead_letter as id from intake.dead_letters where source = 'requeue-7' order by 1`
  const repaired = payload.replace('-2000000', '-2')
  const [ofFile, ofSender] = await Promise.all(letters.map(({ id }) => requeue(id, repaired)))
  expect(ofFile).toMatchObject({ kind: 'appended' })
  expect(ofSender).toMatchObject({ kind: 'refused', rejection: { reason: 'invalid_field' } })
  const rows = await database.sql`select id, class from log.event_log where source = 'requeue-7'`
  expect([...rows]).toEqual([{ id: partId('B-1', 'adjust'), class: 'bulk' }])
})

test('a letter that does not exist is not open', async () => {
  expect(await requeue(999_999, '{}')).toEqual({ kind: 'settled', state: 'unknown' })
})

test('a discard that comes while a letter is being requeued waits, and finds it settled', async () => {
  const { id, payload } = await deadLetter('requeue-5', { store: 'berlim' })
  const blocker = connect(database.url, { max: 1 })
  await blocker`select pg_advisory_lock(7411, ${partitionOf('berlin', 4)})`
  const requeued = requeue(id, payload.replace('berlim', 'berlin'))
  await waitForLocks(1)
  const discarded = discardDeadLetter(database.sql, { deadLetter: id, reason: 'a test of the till' })
  const first = await Promise.race([discarded, waitForLocks(2)])
  expect(first).toBe('waiting')
  await blocker.end()
  expect(await requeued).toMatchObject({ kind: 'appended' })
  expect(await discarded).toEqual({ kind: 'settled', state: 'requeued' })
  expect(await stateOfDeadLetter(id)).toMatchObject({ state: 'requeued' })
  expect(await database.sql`select 1 from log.event_log where source = 'requeue-5'`).toHaveLength(1)
})

/** Waits until so many backends of the test's database wait for a lock. */
async function waitForLocks(count: number): Promise<'waiting'> {
  await vi.waitFor(
    async () => {
      const rows = await database.sql`
        select distinct pid from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database()`
      if (rows.length < count) throw new Error(`${rows.length} wait`)
    },
    { timeout: 60_000, interval: 10 },
  )
  return 'waiting'
}
