import type { Sql } from '#db/client.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { type AppendStep, createTopicAppender } from './appender.ts'
import { asUnavailable, openCluster, TopicError } from './cluster.ts'
import { createTopicReader } from './reader.ts'
import { encodeTick, toOffset } from './record.ts'
import { createReservations } from './reservations.ts'
import { writeLoose } from './transactional-writer.ts'

export interface KafkaLogOptions {
  /** Of the database that recognises what is known. */
  sql: Sql
  /** host:port of some of the cluster's brokers. */
  brokers: readonly string[]
  topic: string
  /** Of the cluster that has the topic: another one is refused. Left out: any. */
  clusterId?: string
  onStep?: (step: AppendStep) => void
}

/** An order log with connections of its own. */
export interface KafkaLog extends OrderLog {
  /** Waits for appends under way, tells Postgres what they came to, and closes the connections to Kafka. */
  close(): Promise<void>
}

/** Between two looks for batches of processes that are gone. */
const LOOK_EVERY_MS = 5 * SECOND_MS

/**
 * The order log in a topic of Kafka: offsets have gaps, for markers of transactions take up some. Nothing is connected
 * before the first call.
 */
export function createKafkaLog({ sql, brokers, topic, clusterId, onStep }: KafkaLogOptions): KafkaLog {
  const cluster = openCluster(brokers, topic, clusterId)
  const reader = createTopicReader(cluster)
  const ticking = cluster.connections('ticks')
  const appender = createTopicAppender({ cluster, reader, reservations: createReservations(sql), onStep })
  let partitionCount: Promise<number> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY

  function countPartitions(): Promise<number> {
    partitionCount ??= comparePartitions(sql, cluster).catch(error => {
      partitionCount = undefined
      throw asUnavailable(error)
    })
    return partitionCount
  }

  async function end(): Promise<Position[]> {
    const count = await countPartitions()
    return Promise.all(Array.from({ length: count }, (_, partition) => reader.endOf(partition)))
  }

  async function appendTick(partition: number, quietMs: number): Promise<number | null> {
    if (performance.now() - lookedAt > LOOK_EVERY_MS) {
      lookedAt = performance.now()
      await appender.settleAbandoned()
    }
    // One at a time, whoever ticks: of two intakes that find it quiet at once one tick is enough.
    return sql.begin(async transaction => {
      await transaction`select pg_advisory_xact_lock(hashtext('tillstream.log.tick'), ${partition})`
      const [clock] = await transaction<{ now: Instant }[]>`select clock_timestamp() as now`
      const { appendedAt } = await reader.endOf(partition)
      if ((clock?.now ?? 0) - appendedAt < quietMs) return null
      try {
        const base = await writeLoose(cluster, ticking, { partition, values: [encodeTick()] })
        reader.noteCommitted(partition, base + 1n)
        return toOffset(base)
      } catch (error) {
        throw asUnavailable(error)
      }
    })
  }

  return {
    offsets: 'gaps',
    partitionCount: countPartitions,
    async append(partition, events, revision) {
      const [result] = await appender.append([{ partition, events }], revision)
      return result ?? { appendedAt: 0, outcomes: [] }
    },
    appendTogether: (groups, revision) => appender.append(groups, revision),
    appendTick,
    read: reader.read,
    end,
    seekToOffset: reader.seekToOffset,
    seekToAppendTime: reader.seekToAppendTime,
    async close() {
      await appender.close()
      await cluster.close()
    },
  }
}

/** A store's partition comes from their number: of the topic and of the database it must be the same. */
async function comparePartitions(sql: Sql, cluster: ReturnType<typeof openCluster>): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*) as count from log.partitions`
  const count = await cluster.partitionCount()
  if (row?.count !== count)
    throw new TopicError(
      `${cluster.topic} has ${count} partitions, but the log of this database has ${row?.count}.`,
    )
  return count
}
