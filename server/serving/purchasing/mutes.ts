import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { tellOrders } from './outbox.ts'
import type { Actor } from './people.ts'

/** Shortages that nobody wants to hear of: those that are of all it names. */
export interface Mute {
  mute: number
  store: string | null
  sku: string | null
  supplier: string | null
  reason: string
  mutedBy: string | null
  mutedAt: Instant
  /** Null: until somebody ends it. */
  until: Instant | null
}

const nameSchema = z.string().min(1).max(128).nullable().default(null)

export const muteSchema = z
  .strictObject({
    store: nameSchema,
    sku: nameSchema,
    supplier: nameSchema,
    reason: z.string().trim().min(1, { error: 'say why nobody is to hear of it' }).max(200),
    /** Null: until somebody ends it. */
    hours: z.int().min(1).max(8_760).nullable().default(null),
  })
  .refine(({ store, sku, supplier }) => store !== null || sku !== null || supplier !== null, {
    error: 'name a product, a supplier or a store: not everything is muted at once',
  })

/** Those that hold now, the newest first. */
export function readMutes(reading: Reading): Promise<Mute[]> {
  return reading<Mute[]>`
    select mute, store, sku, supplier, reason, muted_by as "mutedBy", muted_at as "mutedAt", until
    from purchasing.mutes
    where ended_at is null and (until is null or until > now()) order by mute desc`
}

/** A mute as a browser judges alerts by it, which knows no suppliers: their products of today. */
export interface MutedProducts {
  store: string | null
  /** Null: every product. */
  skus: string[] | null
}

export function readMutedProducts(reading: Reading): Promise<MutedProducts[]> {
  return reading<MutedProducts[]>`
    select m.store, case when m.sku is null and m.supplier is null then null else array(
      select p.sku from ref.products p
      where (m.sku is null or p.sku = m.sku) and (m.supplier is null or m.supplier = (
        select t.supplier from ref.supply_terms t
        where t.sku = p.sku and t.valid_from <= now() order by t.valid_from desc limit 1))
      order by p.sku) end as skus
    from purchasing.mutes m where m.ended_at is null and (m.until is null or m.until > now())
    order by m.mute`
}

/** @throws RefusedError when it names something that is unknown */
export async function addMute(
  sql: Sql,
  { store, sku, supplier, reason, hours }: z.output<typeof muteSchema>,
  by: Actor,
): Promise<void> {
  await sql.begin(async transaction => {
    await refuseUnknown(transaction, { store, sku, supplier })
    await transaction`
      insert into purchasing.mutes (store, sku, supplier, reason, muted_by, until)
      values (${store}, ${sku}, ${supplier}, ${reason}, ${by}, now() + ${hours}::integer * interval '1 hour')`
    await tellOrders(transaction, null)
  })
}

/** Hears of it again. Ending it twice does no harm. */
export async function endMute(sql: Sql, mute: number, by: Actor): Promise<void> {
  await sql.begin(async transaction => {
    await transaction`
      update purchasing.mutes set ended_at = clock_timestamp(), ended_by = ${by}
      where mute = ${mute} and ended_at is null`
    await tellOrders(transaction, null)
  })
}

async function refuseUnknown(
  transaction: Transaction,
  { store, sku, supplier }: Pick<Mute, 'store' | 'sku' | 'supplier'>,
): Promise<void> {
  const [known] = await transaction<{ store: boolean; sku: boolean; supplier: boolean }[]>`
    select ${store}::text is null or exists (select from ref.stores s where s.store = ${store}) as store,
      ${sku}::text is null or exists (select from ref.products p where p.sku = ${sku}) as sku,
      ${supplier}::text is null or exists (select from ref.suppliers s where s.supplier = ${supplier}) as supplier`
  if (!known?.store) throw new RefusedError(`${store}: no such store.`)
  if (!known.sku) throw new RefusedError(`${sku}: no such product in the catalogue.`)
  if (!known.supplier) throw new RefusedError(`${supplier}: no such supplier.`)
}
