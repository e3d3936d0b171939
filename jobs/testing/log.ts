import type { Sql } from '#db/client.ts'
import type { Store } from '#domain/enrich.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'

/** Puts stores into the reference data, for tests. */
export async function addTestStores(sql: Sql, stores: readonly Store[]): Promise<void> {
  for (const store of stores) {
    await sql`
      insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
      values (${store.id}, ${store.name}, ${store.zone}, ${store.cutOverHour}, ${store.currency},
        ${store.taxInclusive}, ${store.channel}, ${store.input}, ${store.partition})`
  }
}

/** Appends events to the log in their order, partition by partition, for tests. @returns their offsets, in the order given */
export async function appendTestEvents(sql: Sql, events: readonly LogEvent[]): Promise<number[]> {
  await ensureLogDays(sql)
  const log = createPostgresLog(sql)
  const offsets = new Array<number>(events.length)
  for (const partition of new Set(events.map(event => event.partition))) {
    const own = [...events.entries()].filter(([, event]) => event.partition === partition)
    for (let start = 0; start < own.length; start += 500) {
      const batch = own.slice(start, start + 500)
      const { outcomes } = await log.append(
        partition,
        batch.map(([, event]) => event),
      )
      for (const [position, outcome] of outcomes.entries()) {
        const index = batch[position]?.[0]
        if (outcome.kind !== 'appended' || index === undefined)
          throw new Error(`event not appended: ${outcome.kind}`)
        offsets[index] = outcome.offset
      }
    }
  }
  return offsets
}
