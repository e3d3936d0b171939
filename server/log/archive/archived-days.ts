import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { AppendDay, DayManifest, LogManifest } from '#domain/log-archive.ts'

/** What the database knows of a day that stands in the archive (`log.archived_days`). */
export interface ArchivedDay {
  appendDay: AppendDay
  archive: string
  file: string
  sha256: string
  rows: number
  contents: string
  /** By partition; 0 where it had no entry on that day. */
  firstOffsets: number[]
  lastOffsets: number[]
  verifiedAt: Instant | null
  /** Null: the log has the day itself. */
  droppedAt: Instant | null
}

const COLUMNS = `append_day as "appendDay", archive, file, sha256, rows, contents, first_offsets as "firstOffsets",
  last_offsets as "lastOffsets", verified_at as "verifiedAt", dropped_at as "droppedAt"`

/** @returns oldest first */
export async function listArchivedDays(sql: Reading): Promise<ArchivedDay[]> {
  return sql<ArchivedDay[]>`select ${sql.unsafe(COLUMNS)} from log.archived_days order by append_day`
}

/** Days that the log has no longer. @returns oldest first */
export async function listDroppedDays(sql: Reading): Promise<ArchivedDay[]> {
  return sql<ArchivedDay[]>`
    select ${sql.unsafe(COLUMNS)} from log.archived_days where dropped_at is not null order by append_day`
}

/** Which log this is, how many partitions it has, and of what kind its offsets are. */
export async function readIdentity(sql: Reading): Promise<Omit<LogManifest, 'format' | 'reference'>> {
  const [row] = await sql<Omit<LogManifest, 'format' | 'reference'>[]>`
    select log_id as log, (select count(*) from log.partitions) as partitions,
      case when exists (select from log.kafka) then 'gaps' else 'dense' end as offsets
    from log.identity`
  if (!row) throw new Error('log.identity is empty: run the migrations again')
  return row
}

/** Notes a day that was just written, and read back: it is verified from then on. */
export async function noteArchived(
  sql: Reading,
  { manifest, archive, partitions }: { manifest: DayManifest; archive: string; partitions: number },
): Promise<void> {
  const offsets = (which: 'firstOffset' | 'lastOffset') =>
    `{${Array.from({ length: partitions }, (_, partition) => {
      const own = manifest.partitions.find(entry => entry.partition === partition)
      return own ? own[which] : 0
    }).join(',')}}`
  await sql`
    insert into log.archived_days (append_day, archive, file, sha256, rows, contents, first_offsets, last_offsets, verified_at)
    values (${manifest.appendDay}, ${archive}, ${manifest.file}, ${manifest.sha256}, ${manifest.rows}, ${manifest.contents},
      ${offsets('firstOffset')}::text::bigint[], ${offsets('lastOffset')}::text::bigint[], clock_timestamp())
    on conflict (append_day) do update set archive = excluded.archive, file = excluded.file, sha256 = excluded.sha256,
      rows = excluded.rows, contents = excluded.contents, first_offsets = excluded.first_offsets,
      last_offsets = excluded.last_offsets, archived_at = clock_timestamp(), verified_at = excluded.verified_at`
}

export async function noteVerified(sql: Reading, day: AppendDay): Promise<void> {
  await sql`update log.archived_days set verified_at = clock_timestamp() where append_day = ${day}`
}

/** The last offset of each partition before a day, by partition; 0 where there is none. */
export async function readOffsetsBefore(sql: Reading, day: AppendDay): Promise<number[]> {
  const rows = await sql<{ offset: number }[]>`
    select greatest(
      coalesce((
        select e."offset" from log.event_log e
        where e.partition = p.partition and e.appended_at < ${day}::date at time zone 'UTC'
        order by e.appended_at desc, e."offset" desc limit 1), 0),
      -- what the log has no longer
      coalesce((select max(a.last_offsets[p.partition + 1]) from log.archived_days a where a.append_day < ${day}), 0)
    ) as "offset"
    from log.partitions p order by p.partition`
  return rows.map(({ offset }) => offset)
}

/**
 * The log's days that have a table, oldest first, and how far the log has come: the database's time, or, where the log
 * is in Kafka, the append time up to which its records have reached this database.
 */
export async function listLogDays(sql: Reading): Promise<{ days: AppendDay[]; now: Instant }> {
  const rows = await sql<{ day: AppendDay | null; now: Instant }[]>`
    select to_date(substr(c.relname, 11), 'YYYYMMDD') as day, case when exists (select from log.kafka)
      then (select coalesce(min(appended_at), 'epoch') from log.archived) else clock_timestamp() end as now
    from (select) one
    left join (
      pg_inherits i join pg_class c on c.oid = i.inhrelid
    ) on i.inhparent = 'log.event_log'::regclass and c.relname ~ '^event_log_\\d{8}$'
    order by day`
  return { days: rows.flatMap(({ day }) => day ?? []), now: rows[0]?.now ?? 0 }
}
