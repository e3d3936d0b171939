import type { Sql } from '#db/client.ts'
import { partitionOf } from '#domain/partition.ts'

/** A store of the tests. Its business day begins at 4:00. */
export interface TestStore {
  store: string
  name: string
  zone: string
  currency: string
  channel?: 'pos' | 'online'
}

export const berlin: TestStore = {
  store: 'berlin-mitte',
  name: 'Berlin Mitte',
  zone: 'Europe/Berlin',
  currency: 'EUR',
}

export const lisboa: TestStore = {
  store: 'lisboa-baixa',
  name: 'Lisboa Baixa',
  zone: 'Europe/Lisbon',
  currency: 'EUR',
}

export const tokyo: TestStore = {
  store: 'tokyo-shibuya',
  name: 'Tokyo Shibuya',
  zone: 'Asia/Tokyo',
  currency: 'JPY',
}

/** Makes stores known. Before the intake starts: it looks for new ones only now and then. */
export async function addStores(sql: Sql, stores: readonly TestStore[]): Promise<void> {
  const [partitions] = await sql<{ count: number }[]>`select count(*)::int4 as count from log.partitions`
  for (const store of stores) {
    await sql`
      insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
      values (${store.store}, ${store.name}, ${store.zone}, 4, ${store.currency}, true,
        ${store.channel ?? 'pos'}, 'live', ${partitionOf(store.store, partitions?.count ?? 1)})`
  }
}
