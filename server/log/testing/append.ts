import type { Sql } from '#db/client.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'

/** An event as the log gave it an offset. */
export type StoredEvent = LogEvent & { offset: number; appendedAt: number }

/** Appends events, each to its partition, in their order. @returns those that were new, in the order given */
export async function appendAll(
  log: OrderLog,
  events: readonly LogEvent[],
  batchSize = 200,
): Promise<StoredEvent[]> {
  const stored = new Map<LogEvent, StoredEvent>()
  for (const [partition, ofPartition] of Map.groupBy(events, event => event.partition)) {
    for (let from = 0; from < ofPartition.length; from += batchSize) {
      const batch = ofPartition.slice(from, from + batchSize)
      const { outcomes, appendedAt } = await log.append(partition, batch)
      batch.forEach((event, index) => {
        const outcome = outcomes[index]
        if (outcome?.kind === 'appended') stored.set(event, { ...event, offset: outcome.offset, appendedAt })
      })
    }
  }
  return events.flatMap(event => stored.get(event) ?? [])
}

/** Appends events to a Postgres log, its days made. @throws where one of them was there already */
export async function appendTestEvents(sql: Sql, events: readonly LogEvent[]): Promise<StoredEvent[]> {
  await ensureLogDays(sql)
  const stored = await appendAll(createPostgresLog(sql), events)
  if (stored.length < events.length) throw new Error('some of the events were in the log already')
  return stored
}
