import { rm } from 'node:fs/promises'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { sale } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { windowStartOf } from '#domain/window.ts'
import { runArchiver } from '#server/log/archiver/run.ts'
import { takePartition } from '#server/log/fence.ts'
import type { KafkaLog } from '#server/log/kafka/kafka-log.ts'
import { openTopicSource } from '#server/log/kafka/topic-source.ts'
import { adoptedTopic } from '#server/log/open-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'
import { createTestKafkaLog } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { replay } from '#server/stream/replay/replay.ts'
import { runStream } from '#server/stream/run.ts'
import { consumerName } from '#server/stream/state/generations.ts'
import { startSteadyAppends } from '#server/stream/testing/steady-appends.ts'
import { modelOf, resultsOf, totalsOf } from '#server/stream/testing/tables.ts'
import { FlinkBeside, PARTITIONS } from './testing/flink-beside.ts'

const logger = pino({ level: 'silent' })
const START = Date.UTC(2026, 9, 25, 0, 30)
/** A JVM is up after 5 s, on a busy machine after 20. */
const PATIENCE_MS = 360_000

const broker = await sharedBroker()

if (broker !== null) {
  describe('a generation that Flink builds', { timeout: PATIENCE_MS }, () => {
    let database: TestDatabase
    let log: KafkaLog & { topic: string }
    let random: () => number
    let flink: FlinkBeside
    let stopArchiver = async () => {}

    beforeEach(async () => {
      vi.stubEnv('KAFKA_URL', broker)
      random = seededRandom(inject('randomSeed'))
      database = await createTestDatabase()
      log = await createTestKafkaLog(database.sql, broker)
      flink = await FlinkBeside.of(database, broker)
      stopArchiver = await startArchiver(broker)
    })
    afterEach(async () => {
      await flink.end()
      await stopArchiver()
      await log.close()
      await database.drop()
      vi.unstubAllEnvs()
    })

    async function startArchiver(url: string): Promise<() => Promise<void>> {
      const ending = new AbortController()
      const adopted = await adoptedTopic(database.sql)
      if (!adopted) throw new Error('the log is not in Kafka')
      const source = openTopicSource([url], adopted)
      const owned = { partitions: PARTITIONS, owner: 'test', logger, signal: ending.signal }
      const running = runArchiver({ url: database.url, source, ...owned })
      return async () => {
        ending.abort()
        await running
        await source.close()
      }
    }

    const anHour = (count: number, prefix: string): LogEvent[] =>
      randomEvents({ random, count, prefix, start: START, skus: 40 })

    const halfOfTheLog = async () => (await log.end()).map(({ offset }) => Math.floor(offset / 2))

    test('is as ours to the last row, though Flink is killed at random and goes on with more tasks or fewer', async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        const before = await flink.reached()
        await appendAll(log, anHour(1_500, `k${turn}`), 60)
        await flink.start({ parallelism: 1 + Math.floor(random() * 3) })
        // It has begun to write, and is at it when it dies.
        const ends = await log.end()
        const least = ({ offset }: { offset: number }, partition: number) =>
          Math.min(offset, (before[partition] ?? 0) + Math.floor(random() * 250))
        await flink.whenReached(ends.map(least))
        await flink.kill()
      }
      await flink.start()
      await flink.expectSame()
    })

    test('goes on from a savepoint with other state and wider, as another version of the job would', async () => {
      await appendAll(log, anHour(1_500, 's'))
      const first = await flink.start({ parallelism: 1 })
      await flink.whenReached(await halfOfTheLog())
      const savepoint = await first.stopWithSavepoint()
      await appendAll(log, anHour(1_500, 't'))
      await flink.start({ from: savepoint, parallelism: 4, backend: 'rocksdb' })
      await flink.expectSame()
    })

    test('writes nothing once its partition was taken, and where its state is lost folds anew without a row written twice', async () => {
      await appendAll(log, anHour(1_000, 'l'))
      const job = await flink.start()
      await flink.whenReached(await halfOfTheLog())
      // Whoever takes a partition ends the job's right to write it; it ends, and would begin again.
      const taking = { consumer: consumerName(flink.generation), partition: 1, owner: 'test' }
      await takePartition(database.sql, taking)
      await appendAll(log, anHour(500, 'm'))
      expect(await job.ended).toBe(1)
      await rm(path.join(flink.folder, 'state'), { recursive: true })
      await database.sql`update log.owners set backend_pid = 0 where consumer = ${taking.consumer}`
      await flink.start()
      await flink.expectSame()
    })

    test('goes round what the database refuses of a batch, as ours does, and writes what stands before and behind it', async () => {
      // Of a minute that nothing else sells in.
      const at = START - DAY_MS
      await appendAll(log, [sale(at, 1), ...anHour(200, 'r')])
      await flink.start()
      await flink.expectSame()
      // What a window may hold is not what a document may: of another writer's hand, as far as this test goes.
      const setGross = (gross: string) => database.sql`
        update stream.windows set gross = ${gross}::text::bigint
        where store = 'berlin' and window_start = ${windowStartOf(at)}`
      await setGross('9223372036854675807')
      const [, refused] = await appendAll(log, [sale(at + 1, 1), sale(at + 2, 1), ...anHour(200, 'a')])
      await flink.whenBothRead()
      await setGross('0')
      await flink.expectSame()
      expect((await resultsOf(database.sql, flink.generation)).setAside).toMatchObject([
        { partition: refused?.partition, offset: refused?.offset, reason: 'bigint out of range' },
      ])
      // It goes on by itself, and as ever.
      await appendAll(log, anHour(100, 'g'))
      await flink.kill()
      await flink.start()
      await flink.expectSame()
    })

    test('is switched to and back by certificate while tills sell and Flink is killed; every total is exact', async () => {
      const { url, sql } = database
      const ending = new AbortController()
      const followed = { url, partitions: PARTITIONS, owner: 'stream test:1', logger, signal: ending.signal }
      const service = runStream(followed)
      const appends = startSteadyAppends(log, { random, start: START, pauseMs: 100 })
      let events: StoredEvent[] = []
      const change = (kind: 'certify' | 'switch' | 'switch_back') =>
        replay({ url, name: 'test:1', logger, kind, acceptsDifferences: false, to: toOf[kind] })
      const toOf = { certify: flink.generation, switch: flink.generation, switch_back: null }
      try {
        await flink.start()
        await flink.whenReached([0, 1, 1, 1])
        const accepted = { document: { verdict: 'accepted', differences: 0 } }
        expect(await change('certify')).toMatchObject({ isSwitched: false, certificate: accepted })
        expect(await change('switch')).toMatchObject({ isSwitched: true, certificate: accepted })
        await flink.kill()
        await flink.start()
        await flink.whenReached((await log.end()).map(({ offset }) => offset))
        expect(await change('switch_back')).toMatchObject({ isSwitched: true, certificate: accepted })
      } finally {
        ending.abort()
        await service
        events = await appends.stop()
      }
      await flink.expectSame()
      const model = modelOf(events)
      expect(await totalsOf(sql, flink.generation)).toEqual(model)
      const changes = await sql<{ count: number }[]>`
        select count(*) as count from stream.changes where generation = ${flink.generation}`
      expect(changes[0]?.count).toBeGreaterThan(0)
    })
  })
}
