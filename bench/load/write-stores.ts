import type { Sql } from '#db/client.ts'
import type { BenchWorld } from './bench-world.ts'

/** Makes the stores of the load known, with products and reorder points, so that the stream path judges stock. */
export async function writeBenchStores(sql: Sql, world: BenchWorld): Promise<void> {
  await sql`
    insert into ref.stores ${sql(
      world.stores.map(store => ({
        store: store.id,
        name: store.name,
        zone: store.zone,
        cut_over_hour: store.cutOverHour,
        currency: store.currency,
        tax_inclusive: store.taxInclusive,
        channel: store.channel,
        input: store.input,
        partition: store.partition,
      })),
    )}`
  await sql`insert into ref.products ${sql(world.skus.map(sku => ({ sku, name: sku, category: 'bench' })))}`
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    select s.store, p.sku, 'epoch', 20, 200 from ref.stores s cross join ref.products p`
}
