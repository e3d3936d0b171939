import type { Connection } from '@platformatic/kafka'
import type { Instant } from '#domain/instant.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import type { Cluster, Connections } from './cluster.ts'
import { encodeBatch, produceBatch } from './record-batch.ts'

/** What goes to one partition, in its order. */
export interface PartitionValues {
  partition: number
  values: readonly Buffer[]
}

/** Where values of a partition came to stand. */
export interface Written {
  /** Kafka's offset of each value. */
  offsets: bigint[]
  appendedAt: Instant
}

/** Who writes a record batch, as a broker recognises it. */
export interface Producer {
  producerId: bigint
  producerEpoch: number
  /** Of the batch's first value, among those of the producer in the partition. */
  sequence: number
}

const WRITE_WITHIN_MS = 10_000

/** Values of one record batch: below what the topic takes (topic.ts). */
export const BATCH_BYTES = 4 * 2 ** 20

/** A producer that the broker does not recognise. */
const NO_PRODUCER: Producer = { producerId: -1n, producerEpoch: -1, sequence: -1 }

export interface ProduceRequest extends PartitionValues {
  producer?: Producer
  /** Of the transaction that it is part of. */
  transactionalId?: string
}

/** Writes values as one record batch, which stands whole or not at all; resolves once all its copies have it. */
export async function produce(
  cluster: Cluster,
  connection: Connection,
  { partition, values, producer = NO_PRODUCER, transactionalId }: ProduceRequest,
): Promise<Written> {
  const batch = encodeBatch(values, {
    ...producer,
    isTransactional: transactionalId !== undefined,
    timestamp: Date.now(),
  })
  const answer = await produceBatch.async(connection, {
    topic: cluster.topic,
    partition,
    transactionalId,
    batch,
    timeoutMs: WRITE_WITHIN_MS,
  })
  const written = answer.responses[0]?.partitionResponses[0]
  if (!written) throw new LogUnavailableError('Kafka answers nothing about what was written')
  return {
    offsets: values.map((_, index) => written.baseOffset + BigInt(index)),
    appendedAt: Number(written.logAppendTimeMs),
  }
}

/**
 * Writes values under no producer; sent twice they stand twice.
 * @returns Kafka's offset of the first; the others follow it
 */
export async function writeLoose(
  cluster: Cluster,
  connections: Connections,
  { partition, values }: PartitionValues,
): Promise<bigint> {
  const connection = await connections.leader(partition)
  let first: bigint | undefined
  for (const batch of inBatches(values)) {
    const { offsets } = await produce(cluster, connection, { partition, values: batch })
    first ??= offsets[0]
  }
  return first ?? 0n
}

/** Values in record batches that a broker takes. */
export function* inBatches(values: readonly Buffer[]): Generator<readonly Buffer[]> {
  let from = 0
  let bytes = 0
  for (const [index, value] of values.entries()) {
    if (index > from && bytes + value.length > BATCH_BYTES) {
      yield values.slice(from, index)
      from = index
      bytes = 0
    }
    bytes += value.length
  }
  if (from < values.length) yield values.slice(from)
}

export function bytesOf(values: readonly Buffer[]): number {
  return values.reduce((sum, { length }) => sum + length, 0)
}
