import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { AbcClass } from '#domain/replenishment/abc.ts'
import type { ShelfDay } from '#domain/replenishment/censoring.ts'

/** What a store's reports say of the days up to its plan. */
export interface StoreFacts {
  /** Places of the days on which it sold anything. */
  openDays: number[]
  sales: {
    sku: string
    /** Places of days, and units of each. */
    days: number[]
    units: number[]
    /** Over all days, in the store's currency. */
    net: number
  }[]
  /** On hand at the end of the last day, and since which day it is on the shelf, within a week. */
  stock: { sku: string; onHand: number; since: number }[]
  stockouts: ({ sku: string; day: number } & ShelfDay)[]
  /** Places of days on which a price of its own held for a while: they say nothing of ordinary demand. */
  changedPrices: { sku: string; day: number }[]
  /** Orders by hour of the week, by its habits; null: not known. */
  ordersByHour: number[] | null
}

/** On one snapshot. @param days of which `from` is the first */
export async function loadStoreFacts(sql: Sql, request: FactsRequest): Promise<StoreFacts> {
  return readSnapshot(sql, async reading => {
    // A year of a store is most of its pages: read as pages they cost a third of what they do row by row, and the jobs'
    // own connections keep the cores busy.
    await reading`
      select set_config('enable_indexscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`
    return readStoreFacts(reading, request)
  })
}

interface FactsRequest {
  store: string
  from: BusinessDay
  to: BusinessDay
  currency: string
  now: Instant
}

async function readStoreFacts(
  reading: Reading,
  { store, from, to, currency, now }: FactsRequest,
): Promise<StoreFacts> {
  const [openDays, sales, stock, stockouts, changedPrices, habits] = await Promise.all([
    reading<{ day: number }[]>`
      select business_day - ${from}::date as day from batch.daily_sales
      where store = ${store} and business_day between ${from} and ${to}
      group by business_day having sum(orders) > 0`,
    // As text: reading an array number by number is most of the time otherwise.
    reading<{ sku: string; days: string; units: string; net: number }[]>`
      select sku, array_agg(business_day - ${from}::date)::text as days, array_agg(units)::text as units,
        (sum(gross - discounts - returns) filter (where currency = ${currency}))::double precision as net
      from batch.daily_product_sales
      where store = ${store} and business_day between ${from} and ${to}
      group by sku`,
    // A day of each week: of every day it would be the most that a plan reads.
    reading<StoreFacts['stock']>`
      select sku, min(business_day - ${from}::date) as since,
        (max(closing) filter (where business_day = ${to})) as "onHand"
      from batch.daily_inventory
      where store = ${store} and business_day in (
        select week::date from generate_series(${to}::timestamp, ${from}::timestamp, interval '-7 days') week)
      group by sku having bool_or(business_day = ${to})`,
    reading<StoreFacts['stockouts']>`
      select sku, business_day - ${from}::date as day, stockout_minutes as "stockoutMinutes", opening, closing
      from batch.daily_inventory
      where store = ${store} and business_day between ${from} and ${to} and stockout_minutes > 0`,
    // What goes on without an end is what is usual, after four weeks.
    reading<StoreFacts['changedPrices']>`
      select distinct p.sku, d.business_day - ${from}::date as day
      from ref.store_days(array[${store}], ${from}, ${to}) d
      join ref.prices p on p.store = d.store and p.valid_from < d.ends_at and (p.valid_to is null or p.valid_to > d.starts_at)
        and p.valid_to is distinct from p.valid_from and (p.valid_to is not null or p.valid_from >= ${to}::date - 28)`,
    reading<{ orders: number[] }[]>`
      select orders from ref.expected_orders where store = ${store} and valid_from <= ${now}
      order by valid_from desc limit 1`,
  ])
  return {
    openDays: openDays.map(({ day }) => day),
    sales: sales.map(({ sku, days, units, net }) => ({
      sku,
      days: parseNumbers(days),
      units: parseNumbers(units),
      net: net ?? 0,
    })),
    stock: [...stock],
    stockouts: [...stockouts],
    changedPrices: [...changedPrices],
    ordersByHour: habits[0]?.orders ?? null,
  }
}

/** Whole numbers of an array as Postgres writes it: {1,-2,3}. */
export function parseNumbers(text: string): number[] {
  const numbers: number[] = []
  let number = 0
  let sign = 1
  let hasDigits = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) {
      number = number * 10 + code - 48
      hasDigits = true
    } else if (code === 45) sign = -1
    else if (hasDigits) {
      numbers.push(sign * number)
      number = 0
      sign = 1
      hasDigits = false
    }
  }
  return numbers
}

/** What stands of a store: policies, forecasts and the plan before. */
export interface Standing {
  policies: Map<string, StandingPolicy>
  forecasts: Map<string, StandingForecast>
  shortages: Map<string, Instant>
}

export interface StandingPolicy {
  reorderPoint: number
  orderUpTo: number | null
  leadTimeDays: number | null
  source: 'file' | 'computed'
  serviceLevel: number | null
  abcClass: AbcClass | null
}

export interface StandingForecast {
  unitsByWeekday: number[]
  spread: number
}

/** @param validFrom what is written now holds from here on: what holds then is what it is held against */
export async function loadStanding(
  reading: Reading,
  { store, validFrom }: { store: string; validFrom: Instant },
): Promise<Standing> {
  const policies = await reading<({ sku: string } & StandingPolicy)[]>`
    select distinct on (sku) sku, reorder_point as "reorderPoint", order_up_to as "orderUpTo",
      lead_time_days::double precision as "leadTimeDays", source, service_level as "serviceLevel",
      abc_class as "abcClass"
    from ref.stock_policies where store = ${store} and valid_from <= ${validFrom} order by sku, valid_from desc`
  const forecasts = await reading<({ sku: string } & StandingForecast)[]>`
    select distinct on (sku) sku, units_by_weekday as "unitsByWeekday", spread
    from ref.demand_forecasts where store = ${store} and valid_from <= ${validFrom} order by sku, valid_from desc`
  const shortages = await reading<{ sku: string; since: Instant }[]>`
    select sku, shortage_since as since from batch.replenishment
    where store = ${store} and shortage_since is not null`
  return {
    policies: new Map(policies.map(({ sku, ...policy }) => [sku, policy])),
    forecasts: new Map(forecasts.map(({ sku, ...forecast }) => [sku, forecast])),
    shortages: new Map(shortages.map(({ sku, since }) => [sku, since])),
  }
}
