import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { createTestKafkaLog } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'

const broker = await sharedBroker()

if (broker !== null) {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  test('how far behind an archive is that nobody writes is told by who appends; a living one tells it itself', async () => {
    const { sql } = database
    const log = await createTestKafkaLog(sql, broker)
    try {
      await sql`
        insert into log.archived (partition, "offset", appended_at, end_offset, seen_at)
        values (0, 2, now(), 2, now() - interval '1 minute'), (1, 2, now(), 2, now() + interval '1 hour')`
      for (const partition of [0, 1])
        await log.append(
          partition,
          Array.from({ length: 7 }, (_, index) => testEvent({ id: `${partition}-${index}`, partition })),
        )
      await log.tend()
      expect(
        await sql`select partition, "offset", end_offset as "end" from log.archived order by partition`,
      ).toEqual([
        { partition: 0, offset: 2, end: 7 },
        { partition: 1, offset: 2, end: 2 },
      ])
    } finally {
      await log.close()
    }
  })
}
