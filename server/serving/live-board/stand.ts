import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import {
  type PartitionLag,
  readLag,
  readStreamStand,
  type StreamStand,
  totalLag,
} from '#server/serving/freshness/positions.ts'

/**
 * Up to when the stream's figures are known. Who shows them counts on from it: a figure is as old as
 * `knownUpTo`, whether or not anybody says anything more.
 */
export interface LiveStand {
  /** The database's clock when this was read. */
  now: Instant
  /** Every event appended before it is in the figures: now, or the append time of the oldest unread event. */
  knownUpTo: Instant
  /** Events that the stream has not read, ticks not counted. */
  lagEvents: number
  /** When the stream last wrote anything; null: never. */
  processedAt: Instant | null
  /** What is known no further because the archive is not, which the stream waits for: where the log is in Kafka. */
  heldBy?: 'archive'
}

/** The archiver gives its word once a second: one that is a little older says no less. */
const WORD_HOLDS_MS = 3_000

/** How far the stream's figures reach now, over all partitions. */
export function readLiveStand(sql: Sql): Promise<LiveStand> {
  return readSnapshot(sql, async reading => {
    const stand = await readStreamStand(reading)
    return standOf(stand, await readLag(reading, stand.positions))
  })
}

/** The same of what was read already. */
export function standOf(
  { now, basis, archivedUpTo }: Pick<StreamStand, 'now' | 'basis' | 'archivedUpTo'>,
  partitions: readonly PartitionLag[],
): LiveStand {
  const { lagEvents, lagMs } = totalLag(partitions)
  const read = { now, knownUpTo: now - lagMs, lagEvents, processedAt: basis.processedAt }
  const isHeld = archivedUpTo !== null && archivedUpTo < read.knownUpTo && now - archivedUpTo > WORD_HOLDS_MS
  return isHeld ? { ...read, knownUpTo: archivedUpTo, heldBy: 'archive' } : read
}
