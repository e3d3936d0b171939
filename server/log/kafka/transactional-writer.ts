import { addPartitionsToTxnV3, endTxnV3, initProducerIdV4 } from '@platformatic/kafka'
import type { Cluster, Connections } from './cluster.ts'
import { inBatches, type PartitionValues, produce, type Written } from './produce.ts'
import {
  type Session,
  SessionOverError,
  type TopicWriter,
  takeSequence,
  type WriteStep,
} from './topic-writer.ts'
import { whenFree } from './when-free.ts'

// Writing to several partitions at once, in transactions, one after another. Whoever begins under the same transactional
// id ends what was under way and fences the writer before: the broker refuses whatever that may still send.

/**
 * A transaction that is not ended by then is taken back by the broker: its writer is gone, and readers wait behind it.
 * Above the time of any request, so that a slow broker ends no transaction that is under way.
 */
const TRANSACTION_WITHIN_MS = 15_000

/** @param options withinMs: after which the broker takes a transaction back that is not ended, in ms */
export function createTransactionalWriter(
  cluster: Cluster,
  transactionalId: string,
  { onStep = () => {}, withinMs }: { onStep?: (step: WriteStep) => void; withinMs?: number | undefined } = {},
): TopicWriter {
  const connections = cluster.connections(`writer ${transactionalId}`)
  let current: Session | undefined

  async function begin(): Promise<Session> {
    current = undefined
    const { producerId, producerEpoch } = await initialise(cluster, connections, transactionalId, withinMs)
    current = { name: transactionalId, producerId, producerEpoch, sequences: new Map() }
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
    const { producerId, producerEpoch } = session
    const connection = await connections.leader(partition)
    const result: Written = { offsets: [], appendedAt: 0 }
    for (const batch of inBatches(values)) {
      const sequence = takeSequence(session, partition, batch.length)
      const { offsets, appendedAt } = await produce(cluster, connection, {
        partition,
        values: batch,
        transactionalId,
        producer: { producerId, producerEpoch, sequence },
      })
      for (const offset of offsets) result.offsets.push(offset)
      result.appendedAt = appendedAt
    }
    return result
  }

  return {
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
export async function endTransactions(
  cluster: Cluster,
  connections: Connections,
  transactionalId: string,
): Promise<void> {
  await initialise(cluster, connections, transactionalId)
}

function initialise(
  cluster: Cluster,
  connections: Connections,
  transactionalId: string,
  withinMs: number = TRANSACTION_WITHIN_MS,
) {
  return whenFree(cluster, async () =>
    initProducerIdV4.api.async(
      await connections.coordinator(transactionalId),
      transactionalId,
      withinMs,
      -1n,
      -1,
    ),
  )
}
