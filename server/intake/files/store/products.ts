import type { Sql } from '#db/client.ts'
import type { StagingConnection } from './staging.ts'

/** Marks codes that are no merchandise, before events are enriched: their lines move no stock. */
export async function markNonStock(sql: Sql, skus: readonly string[]): Promise<void> {
  if (skus.length === 0) return
  await sql`
    insert into ref.products (sku, holds_stock)
    select sku, false from unnest(${[...skus].sort()}::text[]) as sku
    on conflict (sku) do update set holds_stock = false where ref.products.holds_stock`
}

/**
 * Names the products that the staged documents sold or took back: the latest name that is not empty, by the
 * time of the sale. `updated_at` is that time, so that an older file imported later changes no name.
 */
export async function nameProducts(connection: StagingConnection): Promise<void> {
  await connection.unsafe(`
    insert into ref.products (sku, name, updated_at)
    select distinct on (s.sku) s.sku, s.product_name, 'epoch'::timestamptz + s.event_time * interval '1 millisecond'
    from staged s
    join documents d on d.store = s.store and d.document = s.document and d.fault_row is null
    where s.kind in ('o', 'r') and s.product_name is not null
    order by s.sku, s.event_time desc, s.row desc
    on conflict (sku) do update set name = excluded.name, updated_at = excluded.updated_at
    where ref.products.name is null or ref.products.updated_at <= excluded.updated_at`)
}
