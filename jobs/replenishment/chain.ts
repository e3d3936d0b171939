import type { Sql } from '#db/client.ts'
import { loadStores } from '#db/stores.ts'
import { addDays, type BusinessDay, dayCount } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { DeliveryDays } from '#domain/replenishment/delivery.ts'
import type { LeadTime } from '#domain/replenishment/lead-time.ts'
import { isOnOffer, LEAST_DISCOUNT, type ProductDay } from '#domain/replenishment/offers.ts'
import type { Store } from '#domain/store.ts'
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
  /** By product: business days on which it was on offer. */
  offers: ReadonlyMap<string, readonly BusinessDay[]>
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
  const offers = new Map<string, BusinessDay[]>()
  for (const { sku, day } of await loadOffers(sql, { from, to })) {
    const days = offers.get(sku)
    if (days) days.push(day)
    else offers.set(sku, [day])
  }
  return {
    stores: new Map((await loadStores(sql)).map(store => [store.id, store])),
    categories: new Map(products.map(({ sku, category }) => [sku, category])),
    withoutStock: new Set(products.filter(({ holdsStock }) => !holdsStock).map(({ sku }) => sku)),
    terms: new Map(terms.map(({ sku, supplier, packSize }) => [sku, { supplier, packSize }])),
    deliveryDays: new Map(suppliers.map(({ supplier, deliveryDays }) => [supplier, deliveryDays])),
    leadTimes,
    leadTimesWritten: written,
    offers,
  }
}

/** Products and days on which they were on offer, over all stores; amounts of several currencies as shares of gross. */
async function loadOffers(
  sql: Sql,
  { from, to }: { from: BusinessDay; to: BusinessDay },
): Promise<{ sku: string; day: BusinessDay }[]> {
  // Only days with something taken off somewhere are looked at: the rest cannot be one.
  const days = await sql<({ sku: string; day: number } & ProductDay)[]>`
    select sku, business_day - ${from}::date as day, sum(units)::double precision as units,
      count(*)::double precision as gross,
      sum(discounts::double precision / gross) as discounts, count(*)::integer as stores,
      (count(*) filter (where discounts >= ${LEAST_DISCOUNT}::double precision * gross))::integer as discounting
    from batch.daily_product_sales
    where business_day between ${from} and ${to} and gross > 0
    group by sku, business_day
    having sum(discounts) > 0`
  return days.filter(isOnOffer).map(({ sku, day }) => ({ sku, day: addDays(from, day) }))
}

/** The places of business days within so many from `from` on; those outside are left out. */
export function placesOf(days: readonly BusinessDay[], from: BusinessDay, count: number): number[] {
  return days.map(day => dayCount(from, day)).filter(place => place >= 0 && place < count)
}
