import type { Reading } from '#server/serving/reading.ts'
import {
  type AuditScope,
  runsOf,
  salesOf,
  salesSums,
  storedRows,
} from '#server/serving/reconcile/audit-scope.ts'
import { compareRows } from '#server/serving/reconcile/compare-rows.ts'
import { type FoundColumns, type FoundRow, found } from '#server/serving/reconcile/found-row.ts'

/** Every row of `batch.daily_sales` against the log up to what its run has read. */
export async function auditDailySales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope)}),
    runs as (${runsOf(reading, scope, 'daily_sales')}),
    -- Per customer first: one counts whose orders placed, less those voided, are more than none.
    customers as (
      select e.store, e.business_day, e.channel, e.currency, e.customer, ${salesSums(reading)},
        sum(e.sign * e.total_tax) as tax
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      group by 1, 2, 3, 4, 5
    ),
    expected as (
      select store, business_day, channel, currency, sum(orders) as orders, sum(units) as units,
        sum(gross) as gross, sum(discounts) as discounts, sum(returns) as returns,
        sum(return_documents) as return_documents, sum(units_returned) as units_returned, sum(tax) as tax,
        count(*) filter (where customer is not null and orders > 0) as customers
      from customers group by 1, 2, 3, 4
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'currency'],
      counts: ['orders', 'units', 'return_documents', 'units_returned', 'customers'],
      money: ['gross', 'discounts', 'returns', 'tax'],
    })}`
  return found('batch', 'batch.daily_sales', rows)
}

/** Every row of `batch.hourly_sales` against the log up to what its run has read. */
export async function auditHourlySales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope)}),
    runs as (${runsOf(reading, scope, 'hourly_sales')}),
    expected as (
      select e.store, e.business_day, date_trunc('hour', e.event_time, s.zone) as hour_start, e.channel,
        e.currency, ${salesSums(reading)}
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      join ref.stores s on s.store = e.store
      group by 1, 2, 3, 4, 5
    ),
    stored as (${storedRows(reading, scope, 'batch.hourly_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'hour_start', 'channel', 'currency'],
      counts: ['orders', 'units'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('batch', 'batch.hourly_sales', rows)
}

/** Every row of `batch.daily_product_sales` against the lines of the log up to what its run has read. */
export async function auditDailyProductSales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope)}),
    runs as (${runsOf(reading, scope, 'daily_product_sales')}),
    expected as (
      select e.store, e.business_day, e.channel, l.sku, e.currency,
        sum(e.sign * l.units) as units, sum(e.sign * l.units * coalesce(l.unit_price, 0)) as gross,
        sum(e.sign * coalesce(l.discount, 0)) as discounts, sum(coalesce(l.refund, 0)) as returns,
        coalesce(sum(l.units) filter (where e.returned), 0) as units_returned
      from sales e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      -- A column that a document has no values of is shorter than its lines, and padded with null.
      cross join lateral unnest(e.skus, e.units, e.unit_prices, e.discounts, e.refunds)
        as l(sku, units, unit_price, discount, refund)
      group by 1, 2, 3, 4, 5
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_product_sales')})
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'sku', 'currency'],
      counts: ['units', 'units_returned'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('batch', 'batch.daily_product_sales', rows)
}
