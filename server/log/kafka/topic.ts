import { createTopicsV7 } from '@platformatic/kafka'
import { pause } from '#platform/time.ts'
import { type Cluster, errorIds, openCluster } from './cluster.ts'
import { createFetcher } from './fetch.ts'

/** Unless another name is given. */
export const ORDERS_TOPIC = 'tillstream.orders'

/** A batch of an import may hold many events of thousands of lines. */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20

/** What the log asks of its topic, beside its partitions: append times by the broker, and nothing forgotten. */
const TOPIC_SETTINGS: Readonly<Record<string, string>> = {
  'message.timestamp.type': 'LogAppendTime',
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': String(MAX_MESSAGE_BYTES),
}

const PATIENCE_MS = 30_000
/** The broker's own default: one copy on a single broker, three on a cluster that says so. */
const BROKERS_DEFAULT = -1

/**
 * Creates the topic of an order log unless it is there.
 *
 * @returns whether it was created
 */
export async function createLogTopic(
  brokers: readonly string[],
  { topic, partitions }: { topic: string; partitions: number },
): Promise<boolean> {
  const cluster = openCluster(brokers, topic)
  try {
    const connections = cluster.connections('topics')
    await createTopicsV7.api.async(
      await connections.any(),
      [
        {
          name: topic,
          numPartitions: partitions,
          replicationFactor: BROKERS_DEFAULT,
          assignments: [],
          configs: Object.entries(TOPIC_SETTINGS).map(([name, value]) => ({ name, value })),
        },
      ],
      PATIENCE_MS,
      false,
    )
    await whenLed(cluster, partitions)
    return true
  } catch (error) {
    if (errorIds(error).has('TOPIC_ALREADY_EXISTS')) return false
    throw error
  } finally {
    await cluster.close()
  }
}

/** A new topic is known a moment before all of its partitions are led. */
async function whenLed(cluster: Cluster, partitions: number): Promise<void> {
  const fetcher = createFetcher(cluster, cluster.connections('new topic'))
  for (const until = performance.now() + PATIENCE_MS; ; await pause(20)) {
    try {
      cluster.forget()
      for (let partition = 0; partition < partitions; partition += 1) await fetcher.endOf(partition)
      return
    } catch (error) {
      if (performance.now() > until) throw error
    }
  }
}
