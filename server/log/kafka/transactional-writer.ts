import { addPartitionsToTxnV3, type Connection, endTxnV3, initProducerIdV4 } from '@platformatic/kafka'
import type { Instant } from '#domain/instant.ts'
import { pause } from '#platform/time.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { type Cluster, type Connections, errorIds } from './cluster.ts'
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

/**
 * A transaction that is not ended by then is taken back by the broker: its writer is gone, and readers wait behind it.
 * Above the time of any request, so that a slow broker ends no transaction that is under way.
 */
const TRANSACTION_WITHIN_MS = 15_000
const WRITE_WITHIN_MS = 10_000

/** How long the end of the transaction before, or of that of a fenced writer, may take. */
const FREE_WITHIN_MS = 20_000

/** Values of one record batch: below what the topic takes (topic.ts). */
const BATCH_BYTES = 4 * 2 ** 20

/** Said while an earlier transaction of the same id is being ended, or its coordinator moves. */
const PASSING = [
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
]

/**
 * Writes to the topic in transactions, one after another. Whoever begins under the same transactional id ends what was
 * under way and fences the writer before: the broker refuses whatever that may still send.
 */
export interface TransactionalWriter {
  readonly transactionalId: string
  /** The session that writes at present; what is promised under it is written under it. None before the first, and after a failure. */
  readonly current: Session | undefined
  /**
   * Begins a new session: nothing that an earlier one had under way can come to stand any more, unless it stands already.
   */
  begin(): Promise<Session>
  /**
   * Writes values in one transaction: they stand, all of them, once it resolves. When it throws nobody knows: only after
   * the next `begin` it is decided, and the log says how.
   * @param session when the keys were reserved. Another one could write what somebody else has given up for us.
   * @throws SessionOverError when that is over: nothing was sent
   */
  write(session: Session, groups: readonly PartitionValues[]): Promise<Written[]>
}

/** An epoch of the transactional id, as long as nothing has gone wrong. */
export interface Session {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Values written so far, by partition. */
  readonly sequences: Map<number, number>
}

/** Nothing was sent: the session under which it was promised is over. */
export class SessionOverError extends Error {
  override readonly name = 'SessionOverError'
}

/** Told on the way of a write; tests stop the process there. */
export type WriteStep = 'joined' | 'produced'

export function createTransactionalWriter(
  cluster: Cluster,
  transactionalId: string,
  onStep: (step: WriteStep) => void = () => {},
): TransactionalWriter {
  const connections = cluster.connections(`writer ${transactionalId}`)
  let current: Session | undefined

  async function begin(): Promise<Session> {
    current = undefined
    const { producerId, producerEpoch } = await initialise(cluster, connections, transactionalId)
    current = { producerId, producerEpoch, sequences: new Map() }
    return current
  }

  async function write(session: Session, groups: readonly PartitionValues[]): Promise<Written[]> {
    if (session !== current) throw new SessionOverError('another session writes now')
    try {
      return await writeIn(session, groups)
    } catch (error) {
      // It takes a new session to know how this ended.
      current = undefined
      throw error
    }
  }

  async function writeIn(session: Session, groups: readonly PartitionValues[]): Promise<Written[]> {
    const { producerId, producerEpoch } = session
    const coordinator = await connections.coordinator(transactionalId)
    const transaction = {
      transactionalId,
      producerId,
      producerEpoch,
      verifyOnly: false,
      topics: [{ name: cluster.topic, partitions: groups.map(({ partition }) => partition) }],
    }
    await whenFree(cluster, () => addPartitionsToTxnV3.api.async(coordinator, [transaction]))
    onStep('joined')
    // Side by side: with every partition on one broker they wait for one round trip, not for each other's.
    const results = await Promise.all(groups.map(group => writeGroup(session, group)))
    onStep('produced')
    await endTxnV3.api.async(coordinator, transactionalId, producerId, producerEpoch, true)
    return results
  }

  async function writeGroup(session: Session, { partition, values }: PartitionValues): Promise<Written> {
    const { producerId, producerEpoch, sequences } = session
    const connection = await connections.leader(partition)
    const result: Written = { offsets: [], appendedAt: 0 }
    for (const batch of inBatches(values)) {
      const sequence = sequences.get(partition) ?? 0
      const { base, appendedAt } = await produce(
        { cluster, connection, partition, transactionalId },
        encodeBatch(batch, {
          producerId,
          producerEpoch,
          sequence,
          isTransactional: true,
          timestamp: Date.now(),
        }),
      )
      sequences.set(partition, (sequence + batch.length) % 2 ** 31)
      for (let index = 0; index < batch.length; index += 1) result.offsets.push(base + BigInt(index))
      result.appendedAt = appendedAt
    }
    return result
  }

  return {
    transactionalId,
    get current() {
      return current
    },
    begin,
    write,
  }
}

/**
 * Ends whatever is under way under a transactional id, and fences its writer. What it had committed stands, and is
 * readable once everything before it is decided.
 */
export async function fence(cluster: Cluster, transactionalId: string): Promise<void> {
  const connections = cluster.connections(`fences ${transactionalId}`)
  try {
    await initialise(cluster, connections, transactionalId)
  } finally {
    await connections.close()
  }
}

/**
 * Writes values outside any transaction, so that no marker takes up an offset among them; sent twice they stand twice.
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
    const encoded = encodeBatch(batch, { ...NO_PRODUCER, timestamp: Date.now() })
    const { base } = await produce({ cluster, connection, partition }, encoded)
    first ??= base
  }
  return first ?? 0n
}

function initialise(cluster: Cluster, connections: Connections, transactionalId: string) {
  return whenFree(cluster, async () =>
    initProducerIdV4.api.async(
      await connections.coordinator(transactionalId),
      transactionalId,
      TRANSACTION_WITHIN_MS,
      -1n,
      -1,
    ),
  )
}

async function whenFree<Result>(cluster: Cluster, ask: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + FREE_WITHIN_MS
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 20)) {
    try {
      return await ask()
    } catch (error) {
      const ids = errorIds(error)
      if (!PASSING.some(id => ids.has(id)) || performance.now() > until) throw error
      if (!ids.has('CONCURRENT_TRANSACTIONS')) cluster.forget()
    }
    await pause(pauseMs)
  }
}

interface ProduceTo {
  cluster: Cluster
  connection: Connection
  partition: number
  transactionalId?: string
}

async function produce({ cluster, connection, partition, transactionalId }: ProduceTo, batch: Buffer) {
  const request = { topic: cluster.topic, partition, transactionalId, batch, timeoutMs: WRITE_WITHIN_MS }
  const answer = await produceBatch.async(connection, request)
  const written = answer.responses[0]?.partitionResponses[0]
  if (!written) throw new LogUnavailableError('Kafka answers nothing about what was written')
  return { base: written.baseOffset, appendedAt: Number(written.logAppendTimeMs) }
}

/** Of what is written outside transactions. */
const NO_PRODUCER = { producerId: -1n, producerEpoch: -1, sequence: -1, isTransactional: false }

function* inBatches(values: readonly Buffer[]): Generator<readonly Buffer[]> {
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
