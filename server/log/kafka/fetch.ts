import { FetchIsolationLevels, fetchV12, listOffsetsV7, type RecordsBatch } from '@platformatic/kafka'
import type { Instant } from '#domain/instant.ts'
import type { Cluster, Connections } from './cluster.ts'

/** A record of a partition as the broker keeps it. */
export interface RawRecord {
  /** Kafka's. A number, as is all that is asked of every record: integers of 64 bits are slow here. */
  offset: number
  timestamp: Instant
  value: Buffer | null
}

export interface Fetched {
  /** What is committed, in order; what aborted transactions and transactions' markers take up is left out. */
  records: RawRecord[]
  /** Where to go on reading. */
  next: bigint
  /** Everything before it is decided: a reader gets no further. */
  lastStable: bigint
}

// Attributes of a batch (Kafka's protocol, record batch).
const APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/** Key of a control record: version, then type, 16 bits each. */
const ABORT = 0

const NEVER_MIND = -1
/** Asked of ListOffsets for the end of a partition. */
const LATEST = -1n

/** Reads a partition at exact offsets, without a group: only what is committed. */
export function createFetcher(cluster: Cluster, connections: Connections) {
  /** @param maxBytes about how much; at least one batch comes, however large */
  async function fetchFrom(partition: number, from: bigint, maxBytes: number): Promise<Fetched> {
    const connection = await connections.leader(partition)
    const answer = await fetchV12.api.async(
      connection,
      0,
      0,
      maxBytes,
      FetchIsolationLevels.READ_COMMITTED,
      0,
      NEVER_MIND,
      [
        {
          topicId: cluster.topic,
          partitions: [
            {
              partition,
              currentLeaderEpoch: NEVER_MIND,
              fetchOffset: from,
              lastFetchedEpoch: NEVER_MIND,
              partitionMaxBytes: maxBytes,
            },
          ],
        },
      ],
      [],
      '',
    )
    const [found] = answer.responses[0]?.partitions ?? []
    if (!found) throw new Error(`Kafka answers nothing about partition ${partition}`)
    const { abortedTransactions, lastStableOffset } = found
    return {
      ...committedOf(found.records ?? [], { from, aborted: abortedTransactions ?? [] }),
      lastStable: lastStableOffset,
    }
  }

  async function listOffset(partition: number, timestamp: bigint, isolation: number): Promise<bigint> {
    const connection = await connections.leader(partition)
    const answer = await listOffsetsV7.api.async(connection, NEVER_MIND, isolation, [
      {
        name: cluster.topic,
        partitions: [{ partitionIndex: partition, currentLeaderEpoch: NEVER_MIND, timestamp }],
      },
    ])
    return answer.topics[0]?.partitions[0]?.offset ?? -1n
  }

  return {
    fetchFrom,
    /** After everything that was ever written, decided or not. */
    endOf: (partition: number) => listOffset(partition, LATEST, FetchIsolationLevels.READ_UNCOMMITTED),
    /** After everything that is decided. */
    lastStableOf: (partition: number) => listOffset(partition, LATEST, FetchIsolationLevels.READ_COMMITTED),
    /** The first offset with a timestamp at or after an instant; undefined where there is none. */
    async firstAt(partition: number, instant: Instant): Promise<bigint | undefined> {
      const offset = await listOffset(
        partition,
        BigInt(Math.max(0, Math.ceil(instant))),
        FetchIsolationLevels.READ_COMMITTED,
      )
      return offset < 0n ? undefined : offset
    },
  }
}

interface AbortedTransaction {
  producerId: bigint
  firstOffset: bigint
}

/** Leaves out what aborted transactions wrote, as every reader of committed records has to. */
export function committedOf(
  batches: readonly RecordsBatch[],
  { from, aborted }: { from: bigint; aborted: readonly AbortedTransaction[] },
): Omit<Fetched, 'lastStable'> {
  const waiting = aborted.toSorted((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborting = new Set<bigint>()
  const records: RawRecord[] = []
  let next = from
  for (const batch of batches) {
    const { firstOffset, lastOffsetDelta, attributes, producerId } = batch
    const last = firstOffset + BigInt(lastOffsetDelta)
    for (let first = waiting[0]; first && first.firstOffset <= last; first = waiting[0]) {
      aborting.add(first.producerId)
      waiting.shift()
    }
    if (last >= next) next = last + 1n
    if (attributes & CONTROL) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) aborting.delete(producerId)
      continue
    }
    if (attributes & TRANSACTIONAL && aborting.has(producerId)) continue
    const first = Number(firstOffset)
    const appendedAt = attributes & APPEND_TIME ? Number(batch.maxTimestamp) : null
    const createdFrom = Number(batch.firstTimestamp)
    for (const { offsetDelta, timestampDelta, value } of batch.records) {
      const offset = first + offsetDelta
      // A batch comes whole, also when the place asked for lies within.
      if (offset < from) continue
      records.push({ offset, timestamp: appendedAt ?? createdFrom + Number(timestampDelta), value })
    }
  }
  return { records, next }
}
