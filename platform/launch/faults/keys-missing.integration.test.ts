import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { archivedKeysMissing } from './keys-missing.ts'

const PARTITION = 1

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

/** What a sender was told is stored: its key, reserved at offset 5 by a batch that nobody has settled or that is in the log. */
async function reserve(id: string, { batch }: { batch: number }): Promise<void> {
  await database.sql`
    insert into log.event_keys (source, id, "offset", body_hash, partition, batch)
    values ('till', ${id}, 5, ${crypto.randomUUID()}::uuid, ${PARTITION}, ${batch})`
}

/** The stream stood at offset 5 an hour ago; the archive is past everything now. */
async function missing(): Promise<number | null> {
  const { sql } = database
  await sql`
    insert into log.archived (partition, "offset", appended_at)
    values (${PARTITION}, 9, clock_timestamp() + interval '1 hour')
    on conflict (partition) do update set appended_at = excluded.appended_at`
  const stand = {
    partition: PARTITION,
    offset: 5,
    appendedAt: Date.now() - 3_600_000,
    events: 5,
    epoch: 1,
    end: 5,
  }
  return archivedKeysMissing(sql, { before: { generation: 1, isOfActive: true, partitions: [stand] } })
}

test('a key that was confirmed and that a whole archive does not have is lost; one under way is not', async () => {
  const { sql } = database
  expect(await missing()).toBe(null)
  await sql`insert into log.kafka (topic, cluster_id) values ('orders', 'test')`
  expect(await missing()).toBe(0)
  await reserve('a-1', { batch: 1 })
  expect(await missing()).toBe(1)
  await sql`
    insert into log.kafka_batches (batch, session, partitions, partition, from_offset, source, id,
      backend_pid, backend_start)
    values (1, 'writer', ${[PARTITION]}, ${PARTITION}, 5, 'till', 'a-1', 1, now())`
  expect(await missing()).toBe(0)
})
