import type { Reading } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { priceAt, type ValidPrice } from '#domain/price.ts'
import { type Elasticity, PRIOR } from '#domain/price-hints/elasticity.ts'
import type { PriceTerms } from '#domain/price-hints/price-bounds.ts'

/** What is known of a product in a store, for whoever thinks of another price. */
export interface ShelfPrice {
  store: string
  storeName: string
  sku: string
  productName: string | null
  currency: string
  /** Null: what is asked for it now is not known. */
  terms: PriceTerms | null
  /** What an offer of the calendar takes off today, as a fraction; 0: there is none. */
  offer: number
  /** Units by weekday, Monday first, at the list price; null: neither forecast nor sold lately. */
  forecast: { unitsByWeekday: number[]; spread: number; isLearned: boolean } | null
  /** Units a day of the last four weeks; null: not known. */
  unitsBefore: number | null
  /** As the stream knows it; null: it was never counted. */
  onHand: number | null
  elasticity: Elasticity
}

interface Row {
  store: string
  storeName: string
  sku: string
  productName: string | null
  currency: string
  usualPrice: Amount | null
  unitsBefore: number | null
  unitCost: Amount | null
  offer: number
  unitsByWeekday: number[] | null
  spread: number | null
  onHand: number | null
  mean: number | null
  deviation: number | null
  offers: number | null
}

/** By `shelfKey`, without those of stores that are not known. @param from when a price is to hold: what a day may move is counted back from there */
export async function readShelfPrices(
  reading: Reading,
  shelves: readonly { store: string; sku: string }[],
  { generation, from }: { generation: number; from: Instant },
): Promise<Map<string, ShelfPrice>> {
  const [stores, skus] = [shelves.map(({ store }) => store), shelves.map(({ sku }) => sku)]
  const rows = await reading<Row[]>`
    select w.store, v.name as "storeName", w.sku, p.name as "productName", v.currency, usual.price as "usualPrice",
      usual.units_per_day as "unitsBefore", s.on_hand as "onHand", e.mean, e.deviation, e.offers,
      forecast.units_by_weekday as "unitsByWeekday", forecast.spread, coalesce(offer.discount, 0)::float8 as offer,
      round(terms.unit_cost * of_cost.rate / nullif(of_store.rate, 0))::bigint as "unitCost"
    from unnest(${stores}::text[], ${skus}::text[]) w(store, sku)
    join ref.store_validity v on v.store = w.store and v.valid_from <= now()::date and now()::date < v.valid_to
    left join ref.products p on p.sku = w.sku
    left join batch.usual_prices usual on usual.store = w.store and usual.sku = w.sku and usual.currency = v.currency
    left join stream.stock s on s.generation = ${generation} and s.store = w.store and s.sku = w.sku
    left join lateral (
      select units_by_weekday, spread from ref.demand_forecasts f
      where f.store = w.store and f.sku = w.sku and f.valid_from <= now() order by f.valid_from desc limit 1
    ) forecast on true
    left join lateral (
      select mean, deviation, offers from ref.price_elasticities k
      where k.category = p.category and k.valid_from <= now() order by k.valid_from desc limit 1
    ) e on true
    left join lateral (
      select max(o.discount) as discount from ref.promotions o
      where (now() at time zone v.zone)::date between o.first_day and o.last_day and (o.skus is null or w.sku = any(o.skus))
    ) offer on true
    left join lateral (
      select unit_cost, currency from ref.supply_terms t
      where t.sku = w.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) terms on true
    cross join ref.reporting_currency c
    left join lateral ref.rate_on(terms.currency, c.currency, now()::date) of_cost on terms.currency is not null
    left join lateral ref.rate_on(v.currency, c.currency, now()::date) of_store on true`
  const changed = await reading<(ValidPrice & { store: string; sku: string })[]>`
    select p.store, p.sku, p.price, p.valid_from as "validFrom", p.valid_to as "validTo"
    from unnest(${stores}::text[], ${skus}::text[]) w(store, sku)
    join ref.prices p on p.store = w.store and p.sku = w.sku
    where p.valid_from <= ${from} and (p.valid_to is null or p.valid_to > ${from - DAY_MS})`
  const changedOf = Map.groupBy(changed, shelfKey)
  return new Map(
    rows.map(row => [shelfKey(row), toShelfPrice(row, changedOf.get(shelfKey(row)) ?? [], from)]),
  )
}

export function shelfKey({ store, sku }: { store: string; sku: string }): string {
  return JSON.stringify([store, sku])
}

function toShelfPrice(row: Row, changed: readonly ValidPrice[], from: Instant): ShelfPrice {
  const { usualPrice, unitCost, unitsBefore, unitsByWeekday, spread, mean, deviation, offers, ...rest } = row
  return {
    ...rest,
    unitsBefore,
    terms: termsOf({ usualPrice, unitCost, currency: row.currency }, changed, from),
    forecast: forecastOf({ unitsByWeekday, spread, unitsBefore }),
    elasticity: mean === null || deviation === null ? PRIOR : { mean, deviation, offers: offers ?? 0 },
  }
}

/** A forecast as learned, or the same on each day where there is none: a count of as many scatters as chance has it. */
function forecastOf({
  unitsByWeekday,
  spread,
  unitsBefore,
}: Pick<Row, 'unitsByWeekday' | 'spread' | 'unitsBefore'>): ShelfPrice['forecast'] {
  if (unitsByWeekday !== null) return { unitsByWeekday, spread: spread ?? 0, isLearned: true }
  if (unitsBefore === null) return null
  return {
    unitsByWeekday: Array.from({ length: 7 }, () => unitsBefore),
    spread: Math.sqrt(unitsBefore),
    isLearned: false,
  }
}

function termsOf(
  { usualPrice, unitCost, currency }: Pick<Row, 'usualPrice' | 'unitCost' | 'currency'>,
  changed: readonly ValidPrice[],
  from: Instant,
): PriceTerms | null {
  const asked = (at: Instant) => priceAt(changed, at)?.price ?? usualPrice
  // What is asked changes where one of them begins or ends.
  const moments = [from, from - DAY_MS].concat(
    changed.flatMap(({ validFrom, validTo }) => [validFrom, validTo ?? from]),
  )
  const ofDay = moments.filter(at => at >= from - DAY_MS && at <= from).flatMap(at => asked(at) ?? [])
  const priceNow = asked(from)
  if (priceNow === null) return null
  return {
    ...{ currency, priceNow, unitCost, listPrice: usualPrice ?? priceNow },
    dearest: Math.max(priceNow, ...ofDay),
    cheapest: Math.min(priceNow, ...ofDay),
  }
}
