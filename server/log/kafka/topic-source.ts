import type { ArchiveEntry, ArchiveSource } from '#server/log/archiver/source.ts'
import { openCluster } from './cluster.ts'
import type { RawRecord } from './fetch.ts'
import { createTopicReader } from './reader.ts'
import { decodeEntry, toOffset } from './record.ts'

/**
 * A topic as the archiver reads it, on connections of its own: whole entries, those that nobody can read too.
 * @param brokers host:port of some of the cluster's brokers
 * @param adopted as the database says it
 */
export function openTopicSource(
  brokers: readonly string[],
  adopted: { topic: string; clusterId: string },
): ArchiveSource & { close(): Promise<void> } {
  const cluster = openCluster(brokers, adopted.topic, adopted.clusterId)
  const reader = createTopicReader(cluster)
  return {
    async read(request) {
      const records = await reader.readRaw(request)
      return records.map(raw => toArchiveEntry(request.partition, raw))
    },
    endOf: async partition => (await reader.endOf(partition)).offset,
    close: () => cluster.close(),
  }
}

function toArchiveEntry(partition: number, { offset, timestamp, value }: RawRecord): ArchiveEntry {
  const place = { partition, offset: toOffset(offset), timestamp }
  try {
    const { appendedAt = timestamp, ...entry } = decodeEntry(value, place)
    const at = { offset: place.offset, appendedAt }
    return entry.type === 'tick'
      ? { kind: 'tick', ...at }
      : { kind: 'event', ...at, event: { ...entry, partition } }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const payload = value ?? Buffer.alloc(0)
    return { kind: 'unreadable', offset: place.offset, appendedAt: timestamp, reason: error.message, payload }
  }
}
