import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { formatInstant } from '#domain/instant.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { seededRandom, shuffled } from '#domain/testing/random-events.ts'
import { appendTestEvents, type StoredEvent } from '#server/log/testing/append.ts'
import { POISONED_ORDERS, type RowChanges, writeRow } from '#server/log/testing/poison.ts'
import { catchUp } from './catch-up.ts'
import { PartitionConsumer } from './consumer.ts'
import { replay } from './replay/replay.ts'
import { startStreamProcess } from './testing/stream-process.ts'
import { modelOf, resultsOf, totalsOf } from './testing/tables.ts'

const logger = pino({ level: 'silent' })
const START = Date.UTC(2026, 2, 2, 9)
/** Of the store Berlin. */
let partition: number
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  partition = sale(START, 1).partition
})
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, log.owners, ${database.sql(STREAM_TABLES)}`
})
afterAll(() => database.drop())

const runToEnd = () => catchUp({ url: database.url, partitions: [0, 1, 2, 3], owner: 'test', logger })

async function setAside(generation = 1) {
  const rows = await database.sql<{ partition: number; offset: number; store: string; reason: string }[]>`
    select partition, "offset", store, reason from stream.set_aside where generation = ${generation} order by "offset"`
  return rows.map(row => ({ ...row }))
}

/** Sales of Berlin around rows that nobody can count. */
async function appendAround(poisons: readonly RowChanges[]): Promise<{ good: StoredEvent[]; bad: number[] }> {
  const good: StoredEvent[] = []
  const bad: number[] = []
  const append = async () => {
    good.push(
      ...(await appendTestEvents(database.sql, [sale(START + good.length, 2), sale(START + 70_000, 1)])),
    )
  }
  await append()
  for (const changes of poisons) {
    bad.push(await writeRow(database.sql, partition, changes))
    await append()
  }
  return { good, bad }
}

describe('an event that cannot be digested', () => {
  test.each(Object.entries(POISONED_ORDERS))('%s: is set aside, and all others count', async (_, changes) => {
    const { good, bad } = await appendAround([changes])
    await runToEnd()
    expect(await totalsOf(database.sql)).toEqual(modelOf(good))
    expect(await setAside()).toMatchObject(
      bad.map(offset => ({ partition, offset, reason: expect.any(String) })),
    )
  })

  test('of every kind, one after the other, is each set aside at its place', async () => {
    const { good, bad } = await appendAround(Object.values(POISONED_ORDERS))
    await runToEnd()
    expect(await totalsOf(database.sql)).toEqual(modelOf(good))
    expect((await setAside()).map(({ offset }) => offset)).toEqual(bad)
    const [last] = await database.sql`select "offset" from stream.checkpoints where partition = ${partition}`
    expect(last?.offset).toBe(good.at(-1)?.offset)
  })

  test('whose sum no column holds is set aside where the sum would leave it, and only there', async () => {
    const [first] = await appendTestEvents(database.sql, [sale(START, 1)])
    await database.sql`update stream.windows set gross = 0`
    await runToEnd()
    // What a window may hold is not what a document may: of another writer's hand, as far as this test goes.
    await database.sql`update stream.windows_g1 set gross = 9223372036854775807 - 100000`
    const more = await appendTestEvents(database.sql, [
      sale(START + 1, 1),
      sale(START + 2, 1),
      sale(START + 90_000, 3),
    ])
    await runToEnd()
    expect(await setAside()).toEqual([
      {
        partition,
        offset: more[1]?.offset,
        store: 'berlin',
        reason: expect.stringContaining('out of range'),
      },
    ])
    const rows = await database.sql`select units from stream.windows order by window_start`
    expect(rows.map(({ units }) => units)).toEqual([2, 3])
    expect(first?.offset).toBe(1)
  })

  test('within a batch that is gathered of many reads: others count, and each is found by reading them one by one', async () => {
    const { good, bad } = await appendAround(Object.values(POISONED_ORDERS))
    const options = { url: database.url, generation: 1, partition, owner: 'test', isLive: true }
    const gathering = { smallestRead: 1, forMs: Number.POSITIVE_INFINITY }
    const consumer = new PartitionConsumer({ ...options, gathering })
    while ((await consumer.processNext(good.at(-1)?.offset)).records > 0);
    await consumer.close()
    expect(await totalsOf(database.sql)).toEqual(modelOf(good))
    expect((await setAside()).map(({ offset }) => offset)).toEqual(bad)
  })

  test('leaves no hole in what live pages are told', async () => {
    await appendAround(Object.values(POISONED_ORDERS))
    await runToEnd()
    const rows = await database.sql<{ previous: number; through: number }[]>`
      select previous_offset as previous, through_offset as through from stream.changes
      where partition = ${partition} order by through_offset`
    expect(rows[0]?.previous).toBe(0)
    expect(rows.slice(1).map(({ previous }) => previous)).toEqual(
      rows.slice(0, -1).map(({ through }) => through),
    )
  })

  test('does not move the watermark: what comes behind it is not late for its sake', async () => {
    await appendTestEvents(database.sql, [sale(START, 1)])
    const far = formatInstant(START + 24 * 60 * 60_000)
    await writeRow(database.sql, partition, { currency: null, event_time: far })
    await appendTestEvents(database.sql, [sale(START + 1_000, 1)])
    await runToEnd()
    const [checkpoint] =
      await database.sql`select late_events from stream.checkpoints where partition = ${partition}`
    expect(checkpoint?.late_events).toBe(0)
  })
})

test('a running process goes on past it, and the process that follows a kill does too', async () => {
  const random = seededRandom(inject('randomSeed'))
  const poisons = shuffled(Object.values(POISONED_ORDERS), random)
  const untilRead = async (offset: number) =>
    vi.waitUntil(
      async () => {
        const [row] = await database.sql<{ offset: number }[]>`
          select "offset" from stream.checkpoints where partition = ${partition}`
        return row?.offset === offset
      },
      { timeout: 60_000, interval: 20 },
    )
  const before = await appendAround(poisons.slice(0, 5))
  const first = startStreamProcess(database.url)
  await untilRead(before.good.at(-1)?.offset ?? 0)
  first.signal('SIGKILL')
  await first.ended
  await appendTestEvents(database.sql, [movement('stock.counted', START, 5)])
  const after = await appendAround(poisons.slice(5, 9))
  const second = startStreamProcess(database.url)
  await untilRead(after.good.at(-1)?.offset ?? 0)
  second.signal('SIGTERM')
  expect(await second.ended).toBe(0)
  expect((await setAside()).map(({ offset }) => offset)).toEqual([...before.bad, ...after.bad])
  const { windows } = await totalsOf(database.sql)
  expect(windows).toEqual(modelOf([...before.good, ...after.good]).windows)
})

test('a replay sets the same events aside, and counts what has been put right by then', async () => {
  const { sql, url } = database
  const { good, bad } = await appendAround([{ currency: null }, { business_day: '-infinity' }])
  await runToEnd()
  const before = { results: await resultsOf(sql, 1), setAside: await setAside(1) }
  const same = await replay({ url, name: 'test', acceptsDifferences: false, logger })
  expect(same).toMatchObject({ isSwitched: true, differences: [], to: 2 })
  expect({ results: await resultsOf(sql, 2), setAside: await setAside(2) }).toEqual(before)
  await sql`update log.event_log set currency = 'EUR' where "offset" = ${bad[0] ?? 0} and partition = ${partition}`
  expect(await replay({ url, name: 'test', acceptsDifferences: true, logger })).toMatchObject({ to: 3 })
  expect((await setAside(3)).map(({ offset }) => offset)).toEqual([bad[1]])
  const [counted] = await sql`select sum(orders)::integer as orders from stream.windows where generation = 3`
  expect(counted?.orders).toBe(good.length + 1)
  // Of the first generation, which is gone, nothing is left.
  expect(await setAside(1)).toEqual([])
})
