import type { Sql } from '#db/client.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import { pause } from '#platform/time.ts'
import { type StreamStand, standColumns } from './stream-stand.ts'

/** An archiver that gets on is past what it has not copied within moments. */
const PATIENCE_MS = 60 * SECOND_MS
const LOOK_MS = 200

/** A key that a sender was told is stored, and of which the archive knows nothing. */
interface Missing {
  partition: number
  source: string
  id: string
}

/**
 * Where the log is in Kafka: how many events, of those reserved since the stream's checkpoint at a fault and confirmed by
 * now, the archive does not have once it is past everything that was appended until now.
 *
 * @returns null where the log is in Postgres
 * @throws an error where the archive does not get that far
 */
export async function archivedKeysMissing(
  sql: Sql,
  { before }: { before: StreamStand },
): Promise<number | null> {
  const [log] = await sql<{ isInKafka: boolean; now: Instant }[]>`
    select exists (select from log.kafka) as "isInKafka", clock_timestamp() as now`
  if (!log?.isInKafka) return null
  const { partition, offset } = standColumns(before)
  const confirmed = await sql<Missing[]>`
    select k.partition, k.source, k.id
    from log.event_keys k
    join unnest(${partition}::text::smallint[], ${offset}::text::bigint[]) as b(partition, "offset")
      on b.partition = k.partition and k."offset" >= b."offset"
    where k.batch is not null
      and not exists (select from log.kafka_batches under_way where under_way.batch = k.batch)
      and not exists (
        select from log.event_log e
        where e.partition = k.partition and e."offset" >= k."offset" and e.source = k.source and e.id = k.id
          and e.appended_at >= ${earliest(before)}::timestamptz
      )`
  if (confirmed.length === 0) return 0
  await whenArchived(sql, new Set(confirmed.map(one => one.partition)), log.now)
  const [left] = await sql<{ count: number }[]>`
    select count(*) as count
    from unnest(${confirmed.map(one => one.source)}::text[], ${confirmed.map(one => one.id)}::text[]) as k(source, id)
    where not exists (
      select from log.event_log e
      where e.source = k.source and e.id = k.id and e.appended_at >= ${earliest(before)}::timestamptz
    )`
  return left?.count ?? 0
}

/** What is past every checkpoint of then was appended after the oldest of them. */
function earliest({ partitions }: StreamStand): Instant {
  return Math.min(...partitions.map(({ appendedAt }) => appendedAt))
}

/** What was confirmed until then was appended before: the archive has it once it is past that moment. */
async function whenArchived(sql: Sql, partitions: ReadonlySet<number>, until: Instant): Promise<void> {
  for (const began = performance.now(); ; await pause(LOOK_MS)) {
    const behind = await sql<{ partition: number }[]>`
      select partition from log.archived where appended_at <= ${until}::timestamptz`
    if (!behind.some(({ partition }) => partitions.has(partition))) return
    if (performance.now() - began > PATIENCE_MS)
      throw new Error(
        'The archive does not get to what was confirmed: nobody can say yet whether it is whole.',
      )
  }
}
