import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { movement, sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { runArchiver } from '#server/log/archiver/run.ts'
import type { KafkaLog } from '#server/log/kafka/kafka-log.ts'
import { openTopicSource } from '#server/log/kafka/topic-source.ts'
import { adoptedTopic } from '#server/log/open-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { appendBytes } from '#server/log/testing/append-bytes.ts'
import { createTestKafkaLog } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { catchUp } from './catch-up.ts'
import { replay } from './replay/replay.ts'
import { modelOf, resultsOf, totalsOf } from './testing/tables.ts'

const logger = pino({ level: 'silent' })
const PARTITIONS = [0, 1, 2, 3]
const START = Date.UTC(2026, 9, 25, 0, 30)

const broker = await sharedBroker()

if (broker !== null) {
  describe('the stream over Kafka', () => {
    let database: TestDatabase
    let log: KafkaLog & { topic: string }
    const stops: (() => Promise<void>)[] = []

    beforeEach(async () => {
      vi.stubEnv('KAFKA_URL', broker)
      database = await createTestDatabase()
      log = await createTestKafkaLog(database.sql, broker)
    })
    afterEach(async () => {
      for (const stop of stops.splice(0)) await stop()
      await log.close()
      await database.drop()
      vi.unstubAllEnvs()
    })

    async function startArchiver(): Promise<void> {
      const ending = new AbortController()
      const adopted = await adoptedTopic(database.sql)
      if (!adopted) throw new Error('the log is not in Kafka')
      const source = openTopicSource([broker ?? ''], adopted)
      const { url } = database
      const running = runArchiver({
        url,
        source,
        partitions: PARTITIONS,
        owner: 'test',
        logger,
        signal: ending.signal,
      })
      stops.push(async () => {
        ending.abort()
        await running
        await source.close()
      })
    }

    const toEnd = () => catchUp({ url: database.url, partitions: PARTITIONS, owner: 'test', logger })
    const anHour = (count: number, prefix?: string) =>
      randomEvents({
        random: seededRandom(inject('randomSeed')),
        count,
        start: START,
        ...(prefix !== undefined && { prefix }),
      })

    test('gives exactly the totals and stock of an independent model, in one generation and a replayed one', async () => {
      await startArchiver()
      const events = await appendAll(log, anHour(2_000))
      const done = await toEnd()
      expect(done.reduce((sum, { events: count }) => sum + count, 0)).toBe(events.length)
      expect(await totalsOf(database.sql)).toEqual(modelOf(events))
      const live = await resultsOf(database.sql, 1)
      const outcome = await replay({ url: database.url, name: 'test:1', acceptsDifferences: false, logger })
      expect(outcome).toMatchObject({ isSwitched: true, differences: [], alerts: [] })
      expect(await resultsOf(database.sql, 2)).toEqual(live)
    })

    test('asks the archive for what a late count needs', async () => {
      await startArchiver()
      const count = movement('stock.counted', START + 10 * MINUTE_MS, 100)
      const sales = [0, 5, 20, 25].map(minute => sale(START + minute * MINUTE_MS, 3))
      const before = await appendAll(log, sales)
      await toEnd()
      const after = await appendAll(log, [count])
      await toEnd()
      expect(await totalsOf(database.sql)).toEqual(modelOf([...before, ...after]))
    })

    test('commits nothing that is not archived, and goes on when it is', async () => {
      const events: StoredEvent[] = await appendAll(log, anHour(200))
      const caughtUp = toEnd()
      let isOver = false
      void caughtUp.then(() => {
        isOver = true
      })
      // It has read and waits at the commit: nothing stands yet.
      await vi.waitFor(
        async () => {
          const waiting = await database.sql`
            select from pg_stat_activity
            where datname = current_database() and application_name like 'tillstream stream %'
              and state = 'active' and query like '%log.await_archive%'`
          expect(waiting.length).toBeGreaterThan(0)
        },
        { timeout: 60_000, interval: 20 },
      )
      expect(isOver).toBe(false)
      expect(await database.sql`select from stream.checkpoints where "offset" > 0`).toHaveLength(0)
      await startArchiver()
      await caughtUp
      expect(await totalsOf(database.sql)).toEqual(modelOf(events))
      const [ahead] = await database.sql<{ count: number }[]>`
        select count(*) as count from stream.checkpoints c join log.archived a using (partition)
        where c."offset" > a."offset"`
      expect(ahead?.count).toBe(0)
    })

    test('counts what is around bytes that hold no event, on both paths', async () => {
      await startArchiver()
      const [first = [], second = []] = [anHour(60, 'a'), anHour(60, 'b')] as LogEvent[][]
      const before = await appendAll(log, first)
      for (const partition of PARTITIONS)
        await appendBytes(log.topic, [broker], { partition, bytes: Buffer.from('{"type":') })
      const after = await appendAll(log, second)
      await toEnd()
      expect(await totalsOf(database.sql)).toEqual(modelOf([...before, ...after]))
      const aside = await database.sql<
        { reason: string }[]
      >`select reason from recon.set_aside where path = 'log'`
      expect(aside).toHaveLength(PARTITIONS.length)
      for (const { reason } of aside) expect(reason).toMatch(/no JSON/)
      const [rows] = await database.sql<{ count: number }[]>`select count(*) as count from log.event_log`
      expect(rows?.count).toBe(before.length + after.length)
    })

    test('leaves out what the archive set aside, though it could be read', async () => {
      const events = await appendAll(log, anHour(100))
      const [victim] = events.filter(event => event.type === 'order.placed')
      if (!victim) throw new Error('no order among the events')
      const { partition, offset, appendedAt } = victim
      // As an archiver leaves it that Postgres has refused the row.
      await database.sql`
        insert into log.set_aside (partition, "offset", appended_at, reason, payload)
        values (${partition}, ${offset}, ${appendedAt}, 'Postgres does not take it.', '')`
      await startArchiver()
      await toEnd()
      expect(await totalsOf(database.sql)).toEqual(modelOf(events.filter(event => event !== victim)))
      const aside = await database.sql`select "offset", reason from stream.set_aside`
      expect(aside).toEqual([{ offset, reason: 'Postgres does not take it.' }])
    })

    test('gives what it gives over Postgres', async () => {
      const events = anHour(1_500)
      const other = await createTestDatabase()
      try {
        await ensureLogDays(other.sql)
        await startArchiver()
        await appendAll(log, events)
        await toEnd()
        await appendAll(createPostgresLog(other.sql), events)
        await catchUp({ url: other.url, partitions: PARTITIONS, owner: 'test', logger })
        expect(await totalsOf(database.sql)).toEqual(await totalsOf(other.sql))
      } finally {
        await other.drop()
      }
    })
  })
}
