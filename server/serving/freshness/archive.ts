import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { STANDSTILL_MS } from '#server/log/fence.ts'

/** How far the archive has come in one partition. */
export interface PartitionArchive {
  partition: number
  /** The last entry of the log that log.event_log has. */
  through: number
  /** Where the log ended as the archiver saw it last. */
  end: number
  /** Entries not archived yet, at most: offsets have gaps. */
  lagEvents: number
  /** How long ago the newest archived entry was appended, where there are newer ones; 0 where there are none. */
  lagMs: number
  /** When the archiver last moved or said that there is nothing to do; null: never. */
  seenAt: Instant | null
  /** Whether an archiver has the partition and asks the database for anything. */
  isWorkedOn: boolean
}

/** Where the log is Kafka: how far log.event_log, which all figures are read from, is behind it. */
export interface ArchiveFreshness {
  topic: string
  partitions: PartitionArchive[]
  lagEvents: number
  /** Worst partition. */
  lagMs: number
}

type ArchiveRow = Omit<PartitionArchive, 'lagEvents' | 'lagMs'> & {
  topic: string
  appendedAt: Instant | null
  now: Instant
}

/** As many entries may be on their way to the archive: only where there are more does the last that is there say how far it is. */
const UNDER_WAY = 100

/**
 * Up to when everything that was appended is archived, by the archiver's own word of once a second, and in the partition
 * that is furthest behind.
 *
 * @returns null where the log is in Postgres itself
 */
export async function readArchivedUpTo(reading: Reading): Promise<Instant | null> {
  const [row] = await reading<{ upTo: Instant | null }[]>`
    select min(case when a.end_offset - a."offset" > ${UNDER_WAY}::integer then a.appended_at else a.seen_at end) as "upTo"
    from log.archived a where exists (select from log.kafka)`
  return row?.upTo ?? null
}

/** @returns null where the log is in Postgres itself: nothing is archived then */
export async function readArchive(reading: Reading): Promise<ArchiveFreshness | null> {
  const rows = await reading<ArchiveRow[]>`
    select k.topic, p.partition, coalesce(a."offset", 0) as through, coalesce(a.end_offset, 0) as "end",
      a.appended_at as "appendedAt", a.seen_at as "seenAt", clock_timestamp() as now,
      coalesce(log.is_at_work(o.backend_pid, o.backend_start, ${STANDSTILL_MS}::integer * interval '1 millisecond'),
        false) as "isWorkedOn"
    from log.kafka k
    cross join log.partitions p
    left join log.archived a on a.partition = p.partition
    left join log.owners o on o.partition = p.partition and o.consumer = 'archiver'
    order by p.partition`
  const [first] = rows
  if (!first) return null
  const partitions = rows.map(({ topic: _, appendedAt, now, ...row }) => {
    const lagEvents = Math.max(0, row.end - row.through)
    return { ...row, lagEvents, lagMs: lagEvents > 0 ? Math.max(0, now - (appendedAt ?? now)) : 0 }
  })
  return {
    topic: first.topic,
    partitions,
    lagEvents: partitions.reduce((sum, { lagEvents }) => sum + lagEvents, 0),
    lagMs: partitions.reduce((worst, { lagMs }) => Math.max(worst, lagMs), 0),
  }
}
