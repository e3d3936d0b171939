import type { Sql } from '#db/client.ts'
import { type BusinessDay, dayCount, FIRST_BUSINESS_DAY } from '#domain/calendar.ts'
import {
  isOnOffer,
  LEAST_DISCOUNT,
  OFFER_RULE_VERSION,
  type ProductDay,
} from '#domain/replenishment/offers.ts'

/** Days kept beside those that were asked for: a store that is behind asks for earlier ones. */
const KEPT_DAYS = 31

interface OfferDay {
  day: BusinessDay
  /** What its sales are, by the checksums of their runs; null: no run says so, and nothing is kept of it. */
  basis: string | null
  /** Null: not known of these sales. */
  skus: string[] | null
}

/**
 * Products and the business days on which they were on offer, over all stores, days counted from the first there may be.
 * To find out reads all that all stores sold, which was half of a night; so what a day says is kept, with the sales that it
 * says it of, and found out anew when those are others.
 */
export async function loadOffers(
  sql: Sql,
  { from, to }: { from: BusinessDay; to: BusinessDay },
): Promise<Map<string, number[]>> {
  // What the sales were is read before them: of sales that change meanwhile the next night finds out again.
  const days = await loadOfferDays(sql, { from, to })
  const unknown = days.filter(({ skus }) => skus === null)
  const found = Map.groupBy(await findOffers(sql, unknown), ({ day }) => day)
  for (const day of unknown) day.skus = (found.get(day.day) ?? []).map(({ sku }) => sku)
  await keepOfferDays(sql, unknown, from)
  const offers = new Map<string, number[]>()
  for (const { day, skus } of days) {
    const place = dayCount(FIRST_BUSINESS_DAY, day)
    for (const sku of skus ?? []) {
      const own = offers.get(sku)
      if (own) own.push(place)
      else offers.set(sku, [place])
    }
  }
  return offers
}

async function loadOfferDays(
  sql: Sql,
  { from, to }: { from: BusinessDay; to: BusinessDay },
): Promise<OfferDay[]> {
  return sql<OfferDay[]>`
    select asked.day, runs.basis, kept.skus
    from (
      select day::date from generate_series(${from}::date::timestamp, ${to}::date::timestamp, interval '1 day') day
    ) asked
    left join (
      select period, ${`${OFFER_RULE_VERSION}:`}::text || md5(string_agg(store || ' ' || checksum, ',' order by store)) as basis
      from batch.current_runs where job = 'daily_product_sales' and period between ${from} and ${to} group by period
    ) runs on runs.period = asked.day
    left join batch.offer_days kept on kept.business_day = asked.day and kept.basis = runs.basis
    order by asked.day`
}

/** Amounts of several currencies as shares of gross. */
async function findOffers(sql: Sql, days: readonly OfferDay[]): Promise<{ sku: string; day: BusinessDay }[]> {
  if (days.length === 0) return []
  // Only days on which half the stores took something off are looked at: the rest cannot be one.
  const found = await sql<({ sku: string; day: BusinessDay } & ProductDay)[]>`
    select sku, business_day as day, sum(units::double precision) as units, count(*)::double precision as gross,
      sum(discounts::double precision / gross) as discounts, count(*)::integer as stores,
      (count(*) filter (where discounts >= ${LEAST_DISCOUNT}::double precision * gross))::integer as discounting
    from batch.daily_product_sales
    where business_day = any(${days.map(({ day }) => day)}::date[]) and gross > 0
    group by sku, business_day
    having 2 * count(*) filter (where discounts >= ${LEAST_DISCOUNT}::double precision * gross) >= count(*)`
  return found.filter(isOnOffer)
}

async function keepOfferDays(sql: Sql, days: readonly OfferDay[], from: BusinessDay): Promise<void> {
  const kept = days.filter(({ basis }) => basis !== null)
  await sql`
    insert into batch.offer_days as known (business_day, basis, skus)
    select day, basis, array(select jsonb_array_elements_text(skus))
    from jsonb_to_recordset(${JSON.stringify(kept)}::text::jsonb) as found(day date, basis text, skus jsonb)
    on conflict (business_day) do update set basis = excluded.basis, skus = excluded.skus`
  await sql`delete from batch.offer_days where business_day < ${from}::date - ${KEPT_DAYS}::integer`
}
