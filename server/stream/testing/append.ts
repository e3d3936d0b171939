import type { LogEvent } from '#domain/log-event.ts'
import type { OrderLog } from '#server/log/order-log.ts'

/** Events as the log gave them offsets. */
export type StoredEvent = LogEvent & { offset: number }

/** Appends events, each to its partition, in their order. @returns them with their offsets */
export async function appendAll(
  log: OrderLog,
  events: readonly LogEvent[],
  batchSize = 200,
): Promise<StoredEvent[]> {
  const stored: StoredEvent[] = []
  for (const [partition, ofPartition] of Map.groupBy(events, event => event.partition)) {
    for (let from = 0; from < ofPartition.length; from += batchSize) {
      const batch = ofPartition.slice(from, from + batchSize)
      const { outcomes } = await log.append(partition, batch)
      batch.forEach((event, index) => {
        const outcome = outcomes[index]
        if (outcome?.kind === 'appended') stored.push({ ...event, offset: outcome.offset })
      })
    }
  }
  return stored
}
