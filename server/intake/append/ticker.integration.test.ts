import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { createTicker } from './ticker.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql, Date.now() - 3 * 24 * HOUR_MS)
})

afterAll(async () => {
  await database?.drop()
})

/** An event of a partition that was appended and happened `agoMs` before an instant. */
async function appendedAgo(partition: number, agoMs: number, now = Date.now()): Promise<void> {
  const log = createPostgresLog(database.sql)
  const at = now - agoMs
  await log.append(partition, [testEvent({ id: `${partition}-${at}`, partition, eventTime: at })])
  await database.sql`
    update log.event_log set appended_at = ${new Date(at).toISOString()}
    where partition = ${partition} and "offset" = (select max("offset") from log.event_log where partition = ${partition})`
}

async function ticksOf(partition: number): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) as count from log.event_log where partition = ${partition} and type = 'tick'`
  return row?.count ?? -1
}

test('a quiet partition with a window that is not final gets a tick, once per 5 quiet seconds', async () => {
  // One instant for all looks: the intake's clock, however long the database takes between them.
  const now = Date.now()
  await appendedAgo(0, MINUTE_MS, now)
  await appendedAgo(1, 2_000, now)
  const ticker = await createTicker({ sql: database.sql, log: createPostgresLog(database.sql) })
  expect(await ticker.run(now)).toEqual([0])
  expect(await ticker.run(now)).toEqual([])
  expect(await Promise.all([ticksOf(0), ticksOf(1), ticksOf(2)])).toEqual([1, 0, 0])
})

test('two intakes tick one partition once', async () => {
  await appendedAgo(2, MINUTE_MS)
  const context = { sql: database.sql, log: createPostgresLog(database.sql) }
  const tickers = [await createTicker(context), await createTicker(context)]
  await Promise.all(tickers.map(ticker => ticker.run(Date.now())))
  expect(await ticksOf(2)).toBe(1)
})

test('after a night without an intake one tick closes the windows of the evening, and no more follow', async () => {
  const other = await createTestDatabase()
  await ensureLogDays(other.sql, Date.now() - 24 * HOUR_MS)
  const log = createPostgresLog(other.sql)
  const evening = Date.now() - 12 * HOUR_MS
  await log.append(3, [testEvent({ id: 'evening', partition: 3, eventTime: evening })])
  await other.sql`update log.event_log set appended_at = ${new Date(evening).toISOString()}`
  const ticker = await createTicker({ sql: other.sql, log })
  expect(await ticker.run(Date.now())).toEqual([3])
  expect(await ticker.run(Date.now() + MINUTE_MS)).toEqual([])
  await other.drop()
})

test('what another process appends is noticed', async () => {
  const other = await createTestDatabase()
  await ensureLogDays(other.sql, Date.now() - HOUR_MS)
  const log = createPostgresLog(other.sql)
  const ticker = await createTicker({ sql: other.sql, log })
  expect(await ticker.run(Date.now())).toEqual([])
  await log.append(0, [testEvent({ id: 'from-elsewhere', partition: 0, eventTime: Date.now() })])
  // Quiet by an intake whose clock is ahead; the log's own clock still refuses the tick, however long we take.
  await other.sql`update log.event_log set appended_at = appended_at + interval '5 minutes'`
  const ahead = Date.now() + 10 * MINUTE_MS
  expect(await ticker.run(ahead)).toEqual([])
  await other.sql`update log.event_log set appended_at = appended_at - interval '10 minutes'`
  expect(await ticker.run(ahead)).toEqual([0])
  await other.drop()
})
