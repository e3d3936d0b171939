import type { Sql } from '#db/client.ts'
import type { MissedSales } from '#seed/history/shop-history.ts'

/**
 * Keeps what the world's empty shelves cost, apart from what the system is told: benchmarks hold estimates against it. In
 * place of what an earlier seeding, which was killed, left.
 */
export async function writeMissedSales(sql: Sql, missed: readonly MissedSales[]): Promise<void> {
  await sql.begin(async transaction => {
    await transaction`delete from truth.missed_sales`
    await transaction`
      insert into truth.missed_sales (store, sku, business_day, units)
      select * from unnest(
        ${missed.map(({ store }) => store)}::text[], ${missed.map(({ sku }) => sku)}::text[],
        ${missed.map(({ businessDay }) => businessDay)}::date[], ${missed.map(({ units }) => units)}::bigint[])`
  })
}
