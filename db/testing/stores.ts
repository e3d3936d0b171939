import type { Sql } from '#db/client.ts'
import { type UnchangingStore, WEEKDAYS } from '#domain/store.ts'

/** Puts stores into the reference data; those that are there stay as they are. */
export async function addTestStores(sql: Sql, stores: readonly UnchangingStore[]): Promise<void> {
  for (const store of stores) {
    await sql`
      with added as (
        insert into ref.stores (store, name, partition) values (${store.id}, ${store.name}, ${store.partition})
        on conflict do nothing returning store
      )
      insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input, opening_days,
        opened, closed, latitude, longitude)
      select store, ${store.zone}, ${store.cutOverHour}, ${store.currency}, ${store.taxInclusive}, ${store.channel},
        ${store.input}, ${store.openingDays?.map(day => WEEKDAYS.indexOf(day) + 1) ?? null}::smallint[],
        ${store.opened}::date, ${store.closed}::date, ${store.location?.latitude ?? null}::double precision,
        ${store.location?.longitude ?? null}::double precision
      from added`
  }
}
