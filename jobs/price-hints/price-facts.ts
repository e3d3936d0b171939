import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Amount } from '#domain/money.ts'
import { RECENT_DAYS } from '#domain/price-hints/markdown.ts'

/** Days of the past that offers are looked for in. */
export const OFFER_DAYS = 84

/** What goods of a category on offer sold in a store at one discount, and what the same days let expect. */
export interface SoldOffer {
  category: string
  discount: number
  units: number
  expected: number
}

/** A product on a store's shelf, as the last day of its inventory leaves it. */
export interface ShelfFacts {
  store: string
  sku: string
  category: string
  businessDay: BusinessDay
  onHand: number
  demandPerDay: number
  soldRecently: number
  isKept: boolean
  currency: string
  /** What is asked now: changed by somebody, else as usual. */
  price: Amount | null
  /** What is asked where nobody has changed it: demand is that of this price. */
  usualPrice: Amount | null
  /** In that currency; null where no cost, or no rate, is known. */
  unitCost: Amount | null
}

/**
 * Puts in temporary tables, gone with the transaction, what both questions need: what was on offer, how busy each store's
 * days were by what was not, and what a product sells on an ordinary day. A day counts as what it was busy, so that neither
 * weekdays nor Black Friday are taken for what an offer did.
 * @param today not included
 */
export async function prepareFacts(transaction: Transaction, today: BusinessDay): Promise<void> {
  await transaction`
    create temporary table product_days on commit drop as
    select store, sku, business_day, sum(units)::float8 as units, sum(gross)::float8 as gross, max(currency) as currency
    from batch.daily_product_sales
    where business_day >= ${today}::date - ${OFFER_DAYS}::integer and business_day < ${today}::date
    group by store, sku, business_day`
  await transaction`
    create temporary table offer_days on commit drop as
    select s.sku, d.day::date as business_day, max(p.discount)::float8 as discount
    from ref.promotions p
    cross join lateral generate_series(greatest(p.first_day, ${today}::date - ${OFFER_DAYS}::integer)::timestamp,
      least(p.last_day, ${today}::date - 1)::timestamp, interval '1 day') d(day)
    cross join lateral (
      select unnest(p.skus) as sku union all select r.sku from ref.products r where p.skus is null
    ) s
    where p.discount is not null
    group by 1, 2`
  // A store in which somebody has changed a price has an offer of its own. The elasticity is not learned from it: what is
  // marked down has a reason to be.
  await transaction`
    create temporary table priced_days on commit drop as
    select distinct p.store, p.sku, d.business_day
    from ref.store_days((select array_agg(distinct store) from product_days),
      ${today}::date - ${OFFER_DAYS}::integer, ${today}::date - 1) d
    join ref.prices p on p.store = d.store and p.valid_from < d.ends_at and (p.valid_to is null or p.valid_to > d.starts_at)
      and p.valid_to is distinct from p.valid_from
      -- What goes on without an end is what is usual, after four weeks.
      and (p.valid_to is not null or p.valid_from >= ${today}::date - ${RECENT_DAYS}::integer)`
  // Neither is an ordinary day of the product in the store.
  await transaction`
    create temporary table aside_days on commit drop as
    select s.store, o.sku, o.business_day from offer_days o cross join (select distinct store from product_days) s
    union select store, sku, business_day from priced_days`
  await transaction`analyze product_days, offer_days, priced_days, aside_days`
  // A day is as busy as what was not on offer sold in proportion to what the same goods sell on such days in the mean.
  await transaction`
    create temporary table busy_days on commit drop as
    with store_days as (
      select store, business_day from product_days group by 1, 2
    ), day_counts as (
      select store, count(*) as days from store_days group by store
    ), offer_counts as (
      select d.store, o.sku, count(*) as days from store_days d join aside_days o using (store, business_day) group by 1, 2
    ), ordinary as (
      select d.store, d.sku, sum(d.units) filter (where o.sku is null) as units
      from product_days d left join aside_days o using (store, sku, business_day) group by 1, 2
    ), means as (
      select n.store, n.sku, n.units / nullif(c.days - coalesce(o.days, 0), 0) as mean
      from ordinary n join day_counts c using (store) left join offer_counts o using (store, sku)
    ), stores as (
      select store, sum(mean) as mean from means group by store
    ), on_offer as (
      select m.store, o.business_day, sum(m.mean) as mean
      from aside_days o join means m using (store, sku) group by 1, 2
    ), sold as (
      select d.store, d.business_day, sum(d.units) as units from product_days d
      where not exists (
        select from aside_days o where o.store = d.store and o.sku = d.sku and o.business_day = d.business_day)
      group by 1, 2
    )
    select d.store, d.business_day, d.units / (w.mean - coalesce(f.mean, 0)) as factor
    from sold d join stores w using (store) left join on_offer f using (store, business_day)
    where d.units > 0 and w.mean - coalesce(f.mean, 0) > 0`
  await transaction`analyze busy_days`
  await transaction`
    create temporary table ordinary_rates on commit drop as
    with whole as (
      select store, sum(factor) as factor,
        sum(factor) filter (where business_day >= ${today}::date - ${RECENT_DAYS}::integer) as recent
      from busy_days group by store
    ), on_offer as (
      select b.store, o.sku, sum(b.factor) as factor,
        sum(b.factor) filter (where b.business_day >= ${today}::date - ${RECENT_DAYS}::integer) as recent
      from aside_days o join busy_days b using (store, business_day) group by 1, 2
    ), sold as (
      select d.store, d.sku, sum(d.units) filter (where o.sku is null) as units,
        sum(d.units) filter (where o.sku is null and d.business_day >= ${today}::date - ${RECENT_DAYS}::integer) as recent,
        sum(d.units) filter (where d.business_day >= ${today}::date - ${RECENT_DAYS}::integer) as recent_all
      from product_days d left join aside_days o using (store, sku, business_day) group by 1, 2
    )
    select s.store, s.sku, s.units / nullif(w.factor - coalesce(f.factor, 0), 0) as rate,
      coalesce(s.recent, 0) / nullif(w.recent - coalesce(f.recent, 0), 0) as recent_rate,
      coalesce(s.recent_all, 0) as recent_units
    from sold s join whole w using (store) left join on_offer f using (store, sku)`
  await transaction`analyze ordinary_rates`
  // The middle of the days on which nobody had changed it; where somebody always had, of all days.
  await transaction`
    create temporary table usual_prices on commit drop as
    with days as (
      select d.store, d.sku, d.currency, d.units, round(d.gross / d.units)::bigint as price, p.store is not null as is_changed,
        d.business_day >= ${today}::date - ${RECENT_DAYS}::integer as is_recent
      from product_days d left join priced_days p using (store, sku, business_day)
      where d.units > 0
    )
    select days.store, days.sku, max(days.currency) as currency,
      coalesce(max(kept.price), percentile_disc(0.5) within group (order by days.price) filter (where not is_changed),
        percentile_disc(0.5) within group (order by days.price)) as price,
      coalesce(sum(units) filter (where is_recent), 0)::float8 / ${RECENT_DAYS}::integer as units_per_day
    from days
    left join lateral (
      select p.price from ref.prices p
      where p.store = days.store and p.sku = days.sku and p.valid_to is null
        and p.valid_from < ${today}::date - ${RECENT_DAYS}::integer
      order by p.valid_from desc limit 1
    ) kept on true
    group by days.store, days.sku`
}

/** Writes what is asked for each product where nobody has changed it, in place of what stood there. After `prepareFacts`. */
export async function writeUsualPrices(transaction: Transaction, runId: number): Promise<void> {
  await transaction`delete from batch.usual_prices`
  await transaction`
    insert into batch.usual_prices (store, sku, currency, price, units_per_day, run_id)
    select store, sku, currency, price, units_per_day, ${runId} from usual_prices`
}

/** What every discount of every category sold. After `prepareFacts`. */
export async function readOffers(transaction: Transaction): Promise<SoldOffer[]> {
  return transaction<SoldOffer[]>`
    select p.category, o.discount, sum(coalesce(d.units, 0))::float8 as units, sum(r.rate * b.factor)::float8 as expected
    from offer_days o
    join ref.products p on p.sku = o.sku and p.category is not null
    join busy_days b on b.business_day = o.business_day
    join ordinary_rates r on r.store = b.store and r.sku = o.sku and r.rate is not null
    left join product_days d on d.store = b.store and d.sku = o.sku and d.business_day = o.business_day
    where not exists (
      select from priced_days a where a.store = b.store and a.sku = o.sku and a.business_day = o.business_day)
    group by p.category, b.store, o.discount
    order by 1, 2`
}

/** The shelves of every store that are not empty. After `prepareFacts`. */
export async function readShelves(transaction: Transaction, today: BusinessDay): Promise<ShelfFacts[]> {
  return transaction<ShelfFacts[]>`
    with newest as (
      select store, max(business_day) as business_day from batch.daily_inventory
      where business_day < ${today}::date group by store
    )
    select i.store, i.sku, coalesce(p.category, '') as category, i.business_day::text as "businessDay",
      i.closing as "onHand", coalesce(r.recent_rate, 0)::float8 as "demandPerDay",
      coalesce(r.recent_units, 0)::float8 as "soldRecently", coalesce(policy.order_up_to, 1) > 0 as "isKept",
      v.currency, x.price as "usualPrice", coalesce(changed.price, x.price) as price,
      round(t.unit_cost * of_cost.rate / nullif(of_store.rate, 0))::bigint as "unitCost"
    from newest n
    join batch.daily_inventory i on i.store = n.store and i.business_day = n.business_day and i.closing > 0
    join ref.store_validity v on v.store = i.store and v.valid_from <= i.business_day and i.business_day < v.valid_to
    left join ref.products p on p.sku = i.sku
    left join ordinary_rates r on r.store = i.store and r.sku = i.sku
    left join usual_prices x on x.store = i.store and x.sku = i.sku and x.currency = v.currency
    left join lateral ref.price_at(i.store, i.sku, now()) changed on true
    left join lateral (
      select k.order_up_to from ref.stock_policies k
      where k.store = i.store and k.sku = i.sku and k.valid_from <= ${today}::date
      order by k.valid_from desc limit 1
    ) policy on true
    left join lateral (
      select k.unit_cost, k.currency from ref.supply_terms k
      where k.sku = i.sku and k.valid_from <= ${today}::date order by k.valid_from desc limit 1
    ) t on true
    cross join ref.reporting_currency c
    left join lateral ref.rate_on(t.currency, c.currency, i.business_day) of_cost on t.currency is not null
    left join lateral ref.rate_on(v.currency, c.currency, i.business_day) of_store on true`
}
