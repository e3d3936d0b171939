import type { Sql } from '#db/client.ts'
import type { UnchangingStore } from '#domain/store.ts'

/** Puts stores into the reference data; those that are there stay as they are. */
export async function addTestStores(sql: Sql, stores: readonly UnchangingStore[]): Promise<void> {
  for (const store of stores) {
    await sql`
      insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
      values (${store.id}, ${store.name}, ${store.zone}, ${store.cutOverHour}, ${store.currency},
        ${store.taxInclusive}, ${store.channel}, ${store.input}, ${store.partition})
      on conflict do nothing`
  }
}
