import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { readFreshness } from './freshness.ts'

let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

/** A schedule whose ticks are a minute apart: the last one succeeded so many seconds after noon. */
async function tickedAt(seconds: number): Promise<void> {
  const at = `2026-11-20T12:00:00Z`
  await database.sql`
    insert into batch.heartbeat (beat_at, next_tick_at, tick_began_at, tick_succeeded_at, tick_overdue_at)
    select at, at + interval '1 minute', at, at, at + interval '2 minutes'
    from (select ${at}::timestamptz + ${seconds} * interval '1 second' as at) tick
    on conflict (only_row) do update set beat_at = excluded.beat_at, next_tick_at = excluded.next_tick_at,
      tick_began_at = excluded.tick_began_at, tick_succeeded_at = excluded.tick_succeeded_at,
      tick_overdue_at = excluded.tick_overdue_at`
}

async function unpublished() {
  return (await readFreshness(database.sql)).batch.unpublished
}

test('a day that two ticks have found due and not brought is a report that is missing; one tick is no reason', async () => {
  await database.sql`
    insert into batch.open_slots (job, store, period, partition, state, reason, judged_at) values
      ('daily_sales', 'berlin', '2026-11-19', 0, 'due', 'new events', '2026-11-20T12:00:00Z'),
      ('daily_sales', 'berlin', '2026-11-20', 0, 'early', 'the day goes on', '2026-11-20T11:00:00Z'),
      ('daily_sales', 'hamburg', '2026-11-19', 0, 'waiting', 'its journal is not in', '2026-11-20T11:00:00Z')`
  await tickedAt(0)
  expect(await unpublished()).toEqual({ count: 0, first: null })
  await tickedAt(120)
  expect(await unpublished()).toEqual({ count: 0, first: null })
  await tickedAt(121)
  expect(await unpublished()).toEqual({
    count: 1,
    first: { job: 'daily_sales', store: 'berlin', period: '2026-11-19', error: null },
  })
})

test('where the log is in Kafka figures are known up to the archiver’s word, in a quiet shop too; a backlog says its own', async () => {
  const { sql } = database
  const archived = (seenMinutesAgo: number, end: number) => sql`
    insert into log.archived (partition, "offset", appended_at, end_offset, seen_at)
    select partition, 9, clock_timestamp() - interval '10 minutes', ${end},
      clock_timestamp() - ${seenMinutesAgo} * interval '1 minute'
    from log.partitions
    on conflict (partition) do update set end_offset = excluded.end_offset, seen_at = excluded.seen_at`
  const minutes = async () => {
    const { live } = await readFreshness(sql)
    return [Math.round((live.now - live.knownUpTo) / 60_000), live.heldBy]
  }
  await archived(1, 9)
  expect(await minutes()).toEqual([0, undefined])
  await sql`insert into log.kafka (topic, cluster_id) values ('orders', 'test')`
  expect(await minutes()).toEqual([1, 'archive'])
  await archived(0, 12)
  expect(await minutes()).toEqual([0, undefined])
  await archived(0, 1_000)
  expect(await minutes()).toEqual([10, 'archive'])
})
