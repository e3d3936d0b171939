import type { Sql } from '#db/client.ts'
import { loadStores } from '#db/stores.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { DeliveryDays } from '#domain/replenishment/delivery.ts'
import type { LeadTime } from '#domain/replenishment/lead-time.ts'
import type { Store } from '#domain/store.ts'
import { loadOffers } from './offers.ts'
import { writeLeadTimes } from './purchases.ts'

/** Days of sales that forecasts are learned from: a quarter, and four weeks to try methods on. */
export const HISTORY_DAYS = 119

/** What all stores of a run have in common. */
export interface Chain {
  stores: ReadonlyMap<string, Store>
  categories: ReadonlyMap<string, string | null>
  /** Of products that are no stock (postage, gift wrapping). */
  withoutStock: ReadonlySet<string>
  terms: ReadonlyMap<string, { supplier: string; packSize: number }>
  deliveryDays: ReadonlyMap<string, DeliveryDays>
  leadTimes: ReadonlyMap<string, LeadTime>
  leadTimesWritten: number
  /** By product: business days on which it was on offer, counted from the first there may be. */
  offers: ReadonlyMap<string, readonly number[]>
}

/** @param from first business day that any of the stores looks at */
export async function loadChain(
  sql: Sql,
  { from, to, now, validFrom }: { from: BusinessDay; to: BusinessDay; now: Instant; validFrom: Instant },
): Promise<Chain> {
  const products = await sql<{ sku: string; category: string | null; holdsStock: boolean }[]>`
    select sku, category, holds_stock as "holdsStock" from ref.products`
  const terms = await sql<{ sku: string; supplier: string; packSize: number; leadTimeDays: number }[]>`
    select distinct on (sku) sku, supplier, pack_size as "packSize", lead_time_days::double precision as "leadTimeDays"
    from ref.supply_terms where valid_from <= ${now} order by sku, valid_from desc`
  const suppliers = await sql<{ supplier: string; deliveryDays: number[] | null }[]>`
    select distinct on (supplier) supplier, delivery_days as "deliveryDays"
    from ref.supplier_terms where valid_from <= ${now} order by supplier, valid_from desc`
  const stated = Map.groupBy(terms, ({ supplier }) => supplier)
  const { leadTimes, written } = await writeLeadTimes(sql, {
    now,
    validFrom,
    statedDays: new Map(
      [...stated].map(([supplier, own]) => [
        supplier,
        own.reduce((sum, { leadTimeDays }) => sum + leadTimeDays, 0) / own.length,
      ]),
    ),
  })
  return {
    stores: new Map((await loadStores(sql)).map(store => [store.id, store])),
    categories: new Map(products.map(({ sku, category }) => [sku, category])),
    withoutStock: new Set(products.filter(({ holdsStock }) => !holdsStock).map(({ sku }) => sku)),
    terms: new Map(terms.map(({ sku, supplier, packSize }) => [sku, { supplier, packSize }])),
    deliveryDays: new Map(suppliers.map(({ supplier, deliveryDays }) => [supplier, deliveryDays])),
    leadTimes,
    leadTimesWritten: written,
    offers: await loadOffers(sql, { from, to }),
  }
}
