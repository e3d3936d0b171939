import type { Sql } from '#db/client.ts'
import { type UnchangingStore, WEEKDAYS } from '#domain/store.ts'

/** Puts stores into the reference data; those that are there stay as they are. */
export async function addTestStores(sql: Sql, stores: readonly UnchangingStore[]): Promise<void> {
  for (const store of stores) {
    const [added] = await sql`
      insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
      values (${store.id}, ${store.name}, ${store.zone}, ${store.cutOverHour}, ${store.currency},
        ${store.taxInclusive}, ${store.channel}, ${store.input}, ${store.partition})
      on conflict do nothing returning store`
    const { openingDays, opened, closed } = store
    if (!added || (openingDays === null && opened === null && closed === null)) continue
    await sql`
      update ref.store_versions set
        opening_days = ${openingDays?.map(day => WEEKDAYS.indexOf(day) + 1) ?? null}::smallint[],
        opened = ${opened}, closed = ${closed}
      where store = ${store.id}`
  }
}
