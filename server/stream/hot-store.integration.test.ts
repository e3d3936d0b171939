import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { sale } from '#domain/testing/events.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { runStream } from './run.ts'

// A store with a backlog slows no store of another partition: each has its own reads, transaction and checkpoint.

const HOT = 0
const OTHER = 1
/** Several batches: they begin at 2,000 entries and double. */
const BACKLOG = 20_000
const AT_ONCE = 1_000

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureLogDays(database.sql)
})
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)}`
})
afterAll(() => database.drop())

async function sell(partition: number, store: string, count: number): Promise<void> {
  const log = createPostgresLog(database.sql)
  const now = Date.now()
  for (let done = 0; done < count; done += AT_ONCE) {
    const events = Array.from(
      { length: Math.min(AT_ONCE, count - done) },
      (_, index): LogEvent => ({ ...sale(now - index, 1), store, partition }),
    )
    await log.append(partition, events)
  }
}

/** Runs the stream over both partitions until something holds. */
async function whileServed(until: () => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const end = runStream({
    url: database.url,
    partitions: [HOT, OTHER],
    owner: 'test',
    logger: pino({ level: 'silent' }),
    signal: stop.signal,
  })
  try {
    await until()
  } finally {
    stop.abort()
    await end
  }
}

async function reached(partition: number): Promise<number> {
  const [row] = await database.sql<{ offset: number }[]>`
    select "offset" from stream.checkpoints where partition = ${partition}`
  return row?.offset ?? 0
}

const SOON = { timeout: 60_000, interval: 20 }

test('while one store works off a backlog, the windows of another partition are written before the backlog is', async () => {
  await sell(HOT, 'hot', BACKLOG)
  await sell(OTHER, 'other', 50)
  await whileServed(() => vi.waitUntil(async () => (await reached(HOT)) === BACKLOG, SOON).then(() => {}))
  // When each was committed stands in the rows of changes: nobody has to look at the right moment.
  const [order] = await database.sql<{ batches: number; isFirst: boolean }[]>`
    select count(*) filter (where partition = ${HOT})::int as batches,
      max(processed_at) filter (where partition = ${OTHER}) < max(processed_at) filter (where partition = ${HOT})
        as "isFirst"
    from stream.changes`
  expect(order?.batches).toBeGreaterThan(2)
  expect(order?.isFirst).toBe(true)
  const [window] =
    await database.sql`select sum(orders)::int as orders from stream.windows where store = 'other'`
  expect(window).toEqual({ orders: 50 })
})

test('while the transaction of one partition is held up, the others go on, and it follows once it is let go', async () => {
  await sell(HOT, 'hot', 10)
  await sell(OTHER, 'other', 10)
  const holder = connect(database.url, { max: 1 })
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  const { promise: hasLocked, resolve: locked } = Promise.withResolvers<void>()
  const holding = holder.begin(async transaction => {
    // Whoever writes a checkpoint of it waits here.
    await transaction`
      insert into stream.checkpoints (generation, partition, "offset", appended_at, epoch, processed_at)
      values (1, ${HOT}, 1, now(), 0, now())`
    locked()
    await held
    await transaction`delete from stream.checkpoints where partition = ${HOT}`
  })
  await hasLocked
  await whileServed(async () => {
    await vi.waitUntil(async () => (await reached(OTHER)) === 10, SOON)
    await sell(OTHER, 'other', 10)
    await vi.waitUntil(async () => (await reached(OTHER)) === 20, SOON)
    expect(await reached(HOT)).toBe(0)
    letGo()
    await holding
    await vi.waitUntil(async () => (await reached(HOT)) === 10, SOON)
  })
  await holder.end()
})
