import { randomBytes } from 'node:crypto'
import type { Sql } from '#db/client.ts'
import { openCluster } from '#server/log/kafka/cluster.ts'
import { createKafkaLog, type KafkaLog } from '#server/log/kafka/kafka-log.ts'
import { createLogTopic } from '#server/log/kafka/topic.ts'

/** A new topic for a test database, which takes it as its log. @returns its name */
export async function adoptTestTopic(sql: Sql, brokers: readonly string[]): Promise<string> {
  const topic = `test.${randomBytes(6).toString('hex')}`
  await createLogTopic(brokers, { topic, partitions: 4 })
  const cluster = openCluster(brokers, topic)
  await sql`insert into log.kafka (topic, cluster_id) values (${topic}, ${await cluster.clusterId()})`
  await cluster.close()
  return topic
}

/** A Kafka log on a new topic for a test database. */
export async function createTestKafkaLog(sql: Sql, broker: string): Promise<KafkaLog & { topic: string }> {
  const topic = await adoptTestTopic(sql, [broker])
  return { ...createKafkaLog({ sql, brokers: [broker], topic }), topic }
}
