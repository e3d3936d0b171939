import type { Sql } from '#db/client.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { type AppendStep, createTopicAppender } from './appender.ts'
import { asUnavailable, openCluster, TopicError } from './cluster.ts'
import { writeLoose } from './produce.ts'
import { createTopicReader } from './reader.ts'
import { encodeTick, toOffset } from './record.ts'
import { createReservations } from './reservations.ts'

export interface KafkaLogOptions {
  /** Of the database that recognises what is known. */
  sql: Sql
  /** host:port of some of the cluster's brokers. */
  brokers: readonly string[]
  topic: string
  /** Of the cluster that has the topic: another one is refused. Left out: any. */
  clusterId?: string
  onStep?: (step: AppendStep) => void
  /** After which the broker takes a transaction back that nobody ends, in ms; tests ask for more than they wait. */
  transactionWithinMs?: number
}

/** An order log with connections of its own. */
export interface KafkaLog extends OrderLog {
  /**
   * Once a second by whoever appends: decides about appends of processes that are gone, so that nobody waits behind them,
   * and says how far the log is where its archiver does not.
   */
  tend(): Promise<void>
  /** Waits for appends under way, tells Postgres what they came to, and closes the connections to Kafka. */
  close(): Promise<void>
}

/** An archiver says each second that it works. */
const SILENT_AFTER_MS = 3 * SECOND_MS

/**
 * The order log in a topic of Kafka: offsets have gaps, for markers of transactions take up some. Nothing is connected
 * before the first call.
 */
export function createKafkaLog({
  sql,
  brokers,
  topic,
  clusterId,
  onStep,
  transactionWithinMs,
}: KafkaLogOptions): KafkaLog {
  const cluster = openCluster(brokers, topic, clusterId)
  const reader = createTopicReader(cluster)
  const ticking = cluster.connections('ticks')
  const reservations = createReservations(sql)
  const appender = createTopicAppender({ cluster, reader, reservations, onStep, transactionWithinMs })
  let partitionCount: Promise<number> | undefined

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

  /** How far behind an archive is that nobody writes is known by whoever can ask the topic. */
  async function noteEnds(): Promise<void> {
    const silent = await sql<{ partition: number }[]>`
      select partition from log.archived
      where seen_at < clock_timestamp() - ${SILENT_AFTER_MS}::integer * interval '1 millisecond'`
    for (const { partition } of silent) {
      const { offset } = await reader.endOf(partition)
      await sql`
        update log.archived set end_offset = ${offset} where partition = ${partition} and end_offset < ${offset}`
    }
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
    async tend() {
      await appender.settleAbandoned()
      await noteEnds()
    },
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
