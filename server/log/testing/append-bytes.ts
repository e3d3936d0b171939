import { openCluster } from '#server/log/kafka/cluster.ts'
import { writeLoose } from '#server/log/kafka/produce.ts'

/** Writes a record into a topic past the log, whatever it holds. */
export async function appendBytes(
  topic: string,
  brokers: readonly string[],
  { partition, bytes }: { partition: number; bytes: Buffer },
): Promise<void> {
  const cluster = openCluster(brokers, topic)
  try {
    await writeLoose(cluster, cluster.connections('test'), { partition, values: [bytes] })
  } finally {
    await cluster.close()
  }
}
