import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { LOG_START } from '#domain/log-event.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { archiveEntries } from '#server/log/archiver/write-entries.ts'
import { takePartition } from '#server/log/fence.ts'
import { openOrderLog } from '#server/log/open-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { appendAll } from '#server/log/testing/append.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { adoptKafka } from './adopt.ts'
import { openTopicSource } from './topic-source.ts'

const broker = await sharedBroker()
const PARTITIONS = [0, 1, 2, 3]

if (broker !== null) {
  const brokers = [broker]
  const newTopic = () => `test.${randomBytes(6).toString('hex')}`

  async function onFilledDatabase(
    work: (database: TestDatabase) => Promise<void>,
    count = 400,
  ): Promise<void> {
    const database = await createTestDatabase()
    try {
      await ensureLogDays(database.sql)
      const log = createPostgresLog(database.sql)
      const random = seededRandom(inject('randomSeed'))
      await appendAll(log, randomEvents({ random, count, start: Date.UTC(2026, 10, 20, 9) }))
      await log.appendTick(1, 0)
      await work(database)
    } finally {
      await database.drop()
    }
  }

  test('a log that is adopted reads in the topic as it read in Postgres, and goes on there', () =>
    onFilledDatabase(async database => {
      const before = createPostgresLog(database.sql)
      const topic = newTopic()
      const { isNew, entries } = await adoptKafka(database.sql, brokers, { topic })
      const log = await openOrderLog(database.sql, brokers)
      try {
        expect(isNew).toBe(true)
        expect(log.kind).toBe('kafka')
        let read = 0
        for (const partition of PARTITIONS) {
          const request = { partition, after: LOG_START, limit: 10_000 }
          const records = await log.read(request)
          expect(records).toEqual(await before.read(request))
          read += records.length
        }
        expect(entries).toBe(read)
        expect(await log.end()).toEqual(await before.end())
        const [known, fresh] = randomEvents({
          random: seededRandom(inject('randomSeed')),
          count: 400,
          start: Date.UTC(2026, 10, 20, 9),
        })
        if (!known || !fresh) throw new Error('no events')
        expect((await log.append(known.partition, [known])).outcomes).toEqual([{ kind: 'duplicate' }])
        expect((await log.append(fresh.partition, [{ ...fresh, id: 'new' }])).outcomes).toMatchObject([
          { kind: 'appended' },
        ])
        expect(await adoptKafka(database.sql, brokers, { topic })).toMatchObject({ isNew: false })
      } finally {
        await log.close()
      }
    }))

  test('every field of every entry is there, so that the archive can be made from the topic alone', () =>
    onFilledDatabase(async database => {
      const topic = newTopic()
      await adoptKafka(database.sql, brokers, { topic })
      const rows = () =>
        database.sql`select to_jsonb(e) as row from log.event_log e order by partition, "offset"`
      const before = await rows()
      const [adopted] = await database.sql<{ topic: string; clusterId: string }[]>`
        select topic, cluster_id as "clusterId" from log.kafka`
      if (!adopted) throw new Error('not adopted')
      await database.sql`delete from log.event_log`
      await database.sql`delete from log.archived`
      const source = openTopicSource(brokers, adopted)
      for (const partition of PARTITIONS) {
        const ownership = await takePartition(database.sql, {
          consumer: 'archiver',
          partition,
          owner: 'test',
        })
        const entries = await source.read({ partition, after: 0, limit: 10_000 })
        await archiveEntries(database.sql, { ownership, after: LOG_START, entries, end: 0 })
      }
      await source.close()
      expect(await rows()).toEqual(before)
    }))

  test('an adoption that was cut off goes on where it was; a topic that holds something else is refused', () =>
    onFilledDatabase(async database => {
      const topic = newTopic()
      let copied = 0
      await expect(
        adoptKafka(database.sql, brokers, {
          topic,
          onCopied(entries) {
            copied = entries
            throw new Error('cut off')
          },
        }),
      ).rejects.toThrow('cut off')
      expect(copied).toBeGreaterThan(0)
      const other = await createTestDatabase()
      try {
        await expect(adoptKafka(other.sql, brokers, { topic })).rejects.toThrow(/holds something else/)
      } finally {
        await other.drop()
      }
      expect(await adoptKafka(database.sql, brokers, { topic })).toMatchObject({ isNew: true })
    }))
}
