import type { Reading } from '#db/transaction.ts'
import {
  compareRows,
  type FoundColumns,
  found,
  runsOf,
  SALES_COUNTS,
  SALES_MONEY,
  salesOf,
  salesSums,
  storedRows,
  sumsOfSums,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** Every row of `batch.daily_sales` against the log up to what its run has read. */
export async function auditDailySales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope, 'batch')}),
    runs as (${runsOf(reading, scope, 'daily_sales')}),
    -- Per customer first: one counts whose orders placed, less those voided, are more than none.
    customers as (
      select e.store, e.business_day, e.channel, e.currency, e.customer, ${salesSums(reading)},
        batch.exact_sum(e.sign * e.total_tax) as tax
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      group by 1, 2, 3, 4, 5
    ),
    expected as (
      select store, business_day, channel, currency, ${sumsOfSums(reading)}, batch.exact_sum(tax) as tax,
        count(*) filter (where customer is not null and orders > 0) as customers
      from customers group by 1, 2, 3, 4
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'currency'],
      counts: [...SALES_COUNTS, 'customers'],
      money: [...SALES_MONEY, 'tax'],
    })}`
  return found('batch', 'batch.daily_sales', rows)
}

/** Every row of `batch.hourly_sales` against the log up to what its run has read. */
export async function auditHourlySales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope, 'batch')}),
    runs as (${runsOf(reading, scope, 'hourly_sales')}),
    -- A wide range costs what the reports hold, not the calendar.
    clocks as (
      select c.* from (select array_agg(distinct store), min(business_day), max(business_day) from runs) told(stores, first, last)
      cross join lateral ref.store_clocks(told.stores, told.first, told.last) c
    ),
    expected as (
      select e.store, e.business_day, coalesce(ref.hour_start(e.event_time, c.starts_at, c.offset_seconds), date_trunc('hour', e.event_time)) as hour_start, e.channel,
        e.currency, not coalesce((e.details ->> 'dateOnly')::boolean, false) as hour_known, ${salesSums(reading)}
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      left join clocks c on c.store = e.store
        and c.business_day = e.business_day and e.event_time >= c.starts_at and e.event_time < c.ends_at
      group by 1, 2, 3, 4, 5, 6
    ),
    stored as (${storedRows(reading, scope, 'batch.hourly_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'hour_start', 'channel', 'currency', 'hour_known'],
      counts: ['orders', 'units'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('batch', 'batch.hourly_sales', rows)
}

/** Every row of `batch.daily_product_sales` against the lines of the log up to what its run has read. */
export async function auditDailyProductSales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope, 'batch')}),
    runs as (${runsOf(reading, scope, 'daily_product_sales')}),
    -- Taken apart in the select list, which takes half the time of unnest() in FROM. A column that a document
    -- has no values of is shorter than its lines, and padded with null.
    lines as (
      select e.store, e.business_day, e.channel, e.currency, e.sign, e.returned, unnest(e.skus) as sku,
        unnest(e.units) as units, unnest(e.unit_prices) as unit_price, unnest(e.discounts) as discount,
        unnest(e.refunds) as refund, unnest(e.amounts) as amount
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
    ),
    expected as (
      select store, business_day, channel, sku, currency, batch.exact_sum(sign * units) as units,
        batch.exact_sum(sign * coalesce(amount, units * unit_price)) as gross, batch.exact_sum(sign * discount) as discounts,
        batch.exact_sum(refund) as returns, batch.exact_sum(units) filter (where returned) as units_returned
      from lines group by 1, 2, 3, 4, 5
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_product_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'sku', 'currency'],
      counts: ['units', 'units_returned'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('batch', 'batch.daily_product_sales', rows)
}
