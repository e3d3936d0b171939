import { initProducerIdV4 } from '@platformatic/kafka'
import type { Cluster, Connections } from './cluster.ts'
import { produce } from './produce.ts'
import { encodeTick } from './record.ts'
import { type Session, SessionOverError, type TopicWriter, takeSequence } from './topic-writer.ts'
import { whenFree } from './when-free.ts'

// Writing to one partition without a transaction. What is written stands whole, for it is one record batch. A session is a
// producer id, which the cluster gives once, at epoch 0. Who ends it, whoever that is, writes a tick under the same id at
// epoch 1 into the partition: from there on the broker refuses whatever may still come at epoch 0. (A leader keeps epochs
// by partition, of all that writes there, and finds them again in the log when it starts. It forgets an id that has not
// written for a day; a connection over which nothing comes for ten minutes it closes long before.)

const NAME = /^producer (\d+)$/
const FIRST_EPOCH = 0

/** Not used outside transactions. */
const NEVER_MIND_MS = 15_000

/** Writes to one partition, a record batch at a time. */
export function createPlainWriter(cluster: Cluster, partition: number): TopicWriter {
  const connections = cluster.connections(`writer of partition ${partition}`)
  let current: Session | undefined
  /** Begun by us and perhaps not ended. */
  const unended = new Set<Session>()

  return {
    get current() {
      return current
    },
    async begin() {
      current = undefined
      for (const session of unended) {
        await endPlainSession(cluster, connections, { name: session.name, partition })
        unended.delete(session)
      }
      const session = await beginSession(cluster, connections)
      unended.add(session)
      current = session
      return session
    },
    async write(session, groups) {
      if (session !== current) throw new SessionOverError('another session writes now')
      try {
        const connection = await connections.leader(partition)
        const [group, ...others] = groups
        if (!group || others.length > 0 || group.partition !== partition)
          throw new RangeError(`this writer writes to partition ${partition} alone`)
        const { producerId, producerEpoch } = session
        const sequence = takeSequence(session, partition, group.values.length)
        const written = await produce(cluster, connection, {
          ...group,
          producer: { producerId, producerEpoch, sequence },
        })
        return [written]
      } catch (error) {
        // It takes a new session to know how this ended.
        current = undefined
        throw error
      }
    },
  }
}

async function beginSession(cluster: Cluster, connections: Connections): Promise<Session> {
  const { producerId } = await whenFree(cluster, async () =>
    initProducerIdV4.api.async(await connections.any(), null, NEVER_MIND_MS, -1n, -1),
  )
  return { name: `producer ${producerId}`, producerId, producerEpoch: FIRST_EPOCH, sequences: new Map() }
}

export function isPlainSession(name: string): boolean {
  return NAME.test(name)
}

/** Nothing of a plain session comes to stand in a partition any more, unless it stands already. Twice does no harm. */
export async function endPlainSession(
  cluster: Cluster,
  connections: Connections,
  { name, partition }: { name: string; partition: number },
): Promise<void> {
  const producerId = BigInt(NAME.exec(name)?.[1] ?? -1)
  const connection = await connections.leader(partition)
  // Its first at the new epoch, whoever writes it: the second to come is taken for the same.
  await produce(cluster, connection, {
    partition,
    values: [encodeTick()],
    producer: { producerId, producerEpoch: FIRST_EPOCH + 1, sequence: 0 },
  })
}
