import {
  type Broker,
  type Connection,
  ConnectionPool,
  FindCoordinatorKeyTypes,
  findCoordinatorV4,
  findErrorBy,
  metadataV12,
} from '@platformatic/kafka'
import { messageOf } from '#platform/command.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'

/** How long one request may take before the cluster counts as away. */
const REQUEST_WITHIN_MS = 10_000
const CONNECT_WITHIN_MS = 3_000

/** Where the log's topic lives: which broker leads a partition, and a connection to it. */
export interface Cluster {
  readonly topic: string
  /** A set of connections of its own: a broker answers the requests of one connection one after another. */
  connections(purpose: string): Connections
  /** Number of the topic's partitions. */
  partitionCount(): Promise<number>
  clusterId(): Promise<string>
  /** Leaders and coordinators have moved, or a broker is gone: they are asked for again. */
  forget(): void
  close(): Promise<void>
}

export interface Connections {
  /** To the broker that leads a partition. */
  leader(partition: number): Promise<Connection>
  /** To any broker. */
  any(): Promise<Connection>
  /** To the broker that coordinates a transactional id. */
  coordinator(transactionalId: string): Promise<Connection>
  close(): Promise<void>
}

/** The topic is not there, or is another than it should be. The message says what to do. */
export class TopicError extends Error {
  override readonly name = 'TopicError'
}

interface Known {
  clusterId: string
  brokers: Map<number, Broker>
  /** Leader's node by partition. */
  leaders: Map<number, number>
}

/**
 * @param brokers host:port of some of the cluster's brokers
 * @param expectedId of the cluster that has the topic; another one that answers is refused
 */
export function openCluster(brokers: readonly string[], topic: string, expectedId?: string): Cluster {
  const bootstrap = brokers.map(parseBroker)
  const opened = new Set<ConnectionPool>()
  const asking = openPool('metadata')
  let known: Promise<Known> | undefined
  const coordinators = new Map<string, Broker>()

  function forget(): void {
    known = undefined
    coordinators.clear()
  }

  function openPool(purpose: string): ConnectionPool {
    const pool = new ConnectionPool(`tillstream ${purpose}`, {
      connectTimeout: CONNECT_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
    })
    opened.add(pool)
    return pool
  }

  async function ask(): Promise<Known> {
    const connection = await asking.getFirstAvailable(bootstrap)
    const answer = await metadataV12.api.async(connection, [topic], false, false)
    if (expectedId !== undefined && answer.clusterId !== expectedId) {
      throw new TopicError(
        `Kafka at ${brokers.join(',')} is the cluster ${answer.clusterId}, but this database's log is in ${expectedId}. Set KAFKA_URL to that one.`,
      )
    }
    const leaders = new Map<number, number>()
    for (const { partitionIndex, leaderId } of answer.topics[0]?.partitions ?? [])
      leaders.set(partitionIndex, leaderId)
    return {
      clusterId: answer.clusterId ?? '',
      brokers: new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
      leaders,
    }
  }

  /** Asked once, and again after whatever went wrong. */
  function learn(): Promise<Known> {
    known ??= ask().catch(error => {
      known = undefined
      throw errorIds(error).has('UNKNOWN_TOPIC_OR_PARTITION')
        ? new TopicError(`Kafka (${brokers.join(',')}) has no topic ${topic}.`, { cause: error })
        : error
    })
    return known
  }

  function connections(purpose: string): Connections {
    const pool = openPool(purpose)

    async function get(broker: Broker): Promise<Connection> {
      try {
        return await pool.get(broker)
      } catch (error) {
        forget()
        throw error
      }
    }

    return {
      async leader(partition) {
        const { brokers, leaders } = await learn()
        const broker = brokers.get(leaders.get(partition) ?? -1)
        if (!broker) {
          known = undefined
          throw new LogUnavailableError(`partition ${partition} of ${topic} has no leader`)
        }
        return get(broker)
      },
      any: () => pool.getFirstAvailable(bootstrap),
      async coordinator(transactionalId) {
        let broker = coordinators.get(transactionalId)
        if (!broker) {
          const answer = await findCoordinatorV4.api.async(
            await pool.getFirstAvailable(bootstrap),
            FindCoordinatorKeyTypes.TRANSACTION,
            [transactionalId],
          )
          const [found] = answer.coordinators
          if (!found) throw new LogUnavailableError('no broker coordinates transactions')
          broker = { host: found.host, port: found.port }
          coordinators.set(transactionalId, broker)
        }
        return get(broker)
      },
      async close() {
        opened.delete(pool)
        await pool.close()
      },
    }
  }

  return {
    topic,
    connections,
    async partitionCount() {
      return (await learn()).leaders.size
    },
    async clusterId() {
      return (await learn()).clusterId
    },
    forget,
    async close() {
      await Promise.all(Array.from(opened, pool => pool.close()))
    },
  }
}

function parseBroker(address: string): Broker {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) }
}

/** The ids of the Kafka errors behind an error, such as PRODUCER_FENCED. */
export function errorIds(error: unknown): ReadonlySet<string> {
  const ids = new Set<string>()
  const look = (one: unknown): void => {
    if (!(one instanceof Error)) return
    const { apiId } = one as { apiId?: unknown }
    if (typeof apiId === 'string') ids.add(apiId)
    if (one instanceof AggregateError) for (const inner of one.errors) look(inner)
    look(one.cause)
  }
  look(error)
  return ids
}

const MOVED = [
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
]

/** Whether a partition is led by another broker than we thought, or not yet. */
export function hasMoved(error: unknown): boolean {
  const ids = errorIds(error)
  return MOVED.some(id => ids.has(id))
}

/** Errors of the client and of brokers mean that the log is not available; what we made ourselves stays what it is. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof LogUnavailableError || error instanceof TopicError) return error
  const isOfKafka =
    error instanceof Error && findErrorBy(error, 'code', (error as { code?: unknown }).code) !== null
  if (!isOfKafka) return error
  const ids = [...errorIds(error)]
  return new LogUnavailableError(
    `the log is not available: Kafka ${ids.length > 0 ? `says ${ids.join(', ')}` : `cannot be reached (${messageOf(error)})`}`,
    { cause: error },
  )
}
