import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import { readEnvironment, readKafkaBrokers } from '#platform/environment.ts'
import { findLocalBroker } from '#platform/jvm/local-broker.ts'
import type { OrderLog } from './order-log.ts'
import { createPostgresLog } from './postgres-log.ts'

/** The log of a database is somewhere this process does not know. The message says what to set. */
export class LogElsewhereError extends Error {
  override readonly name = 'LogElsewhereError'
}

/** The order log of a database, with what it holds open. */
export interface OpenLog extends OrderLog {
  readonly kind: 'postgres' | 'kafka'
  /** Once a second by whoever appends: see KafkaLog. Nothing where the log is in Postgres. */
  tend(): Promise<void>
  /** Ends connections to Kafka; those to Postgres are the caller's. */
  close(): Promise<void>
}

/** A database whose order log is a topic. */
export interface AdoptedTopic {
  topic: string
  clusterId: string
}

/** Which topic the log of a database is; null: it is log.event_log itself. */
export async function adoptedTopic(sql: Reading): Promise<AdoptedTopic | null> {
  const [row] = await sql<AdoptedTopic[]>`select topic, cluster_id as "clusterId" from log.kafka`
  return row ?? null
}

/**
 * The order log of a database: that in Postgres, or the topic it has adopted. Kafka is not asked before the first call.
 *
 * @param brokers host:port of some brokers; left out: as `brokersOf` finds them
 * @throws LogElsewhereError when the log is in Kafka and no broker is known
 */
export async function openOrderLog(sql: Sql, brokers?: readonly string[]): Promise<OpenLog> {
  const adopted = await adoptedTopic(sql)
  if (adopted === null)
    return { ...createPostgresLog(sql), kind: 'postgres', tend: async () => {}, close: async () => {} }
  // Only where it is needed: loading the client takes 45 MB of every process that might append or read.
  const { createKafkaLog } = await import('./kafka/kafka-log.ts')
  return { ...createKafkaLog({ sql, brokers: brokersOf(adopted, brokers), ...adopted }), kind: 'kafka' }
}

/**
 * Where to ask for a topic: the brokers given, else KAFKA_URL, else the one that runs beside us (in DATA_DIR, as the
 * demo's does). One that has another log is found out by its cluster.
 *
 * @throws LogElsewhereError when no broker is known
 */
export function brokersOf({ topic }: AdoptedTopic, brokers = readKafkaBrokers()): readonly string[] {
  if (brokers !== undefined) return brokers
  const { dataDir } = readEnvironment()
  const local = findLocalBroker(dataDir)
  if (local !== undefined) return [local]
  throw new LogElsewhereError(
    `The order log of this database is the topic ${topic} in Kafka, and no broker runs in ${dataDir}. Set KAFKA_URL to its brokers, as host:port, or start the demo that keeps it.`,
  )
}
