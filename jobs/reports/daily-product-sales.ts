import { addsUpTo } from '#jobs/run/output-check.ts'
import type { Report } from '#jobs/run/report.ts'

/**
 * Sales of a business day per product, from the lines of its documents (the headers, which daily_sales adds
 * up, must agree).
 *
 * The lines are unnested in the select list and grouped before anything is joined: measured over a million
 * lines, unnest() in FROM takes twice as long, and a join before the grouping keeps Postgres from grouping
 * on both cores. Discounts (of orders) and refunds (of returns) never meet on a line, so they share a column.
 */
export const dailyProductSales: Report = {
  name: 'daily_product_sales',
  version: '1',
  summary: 'sales per business day, store, channel and product, from the lines of the documents',
  grain: 'day',
  cadence: 'every-tick',
  days: 'with-events',
  reads: ['events'],
  inputs: [],
  references: [],
  isChained: false,
  isPublishing: false,
  isGrowing: true,
  table: {
    name: 'daily_product_sales',
    period: 'business_day',
    key: ['channel', 'sku', 'currency'],
    values: ['units', 'gross', 'discounts', 'returns', 'units_returned'],
  },
  checks: [addsUpTo('daily_sales', ['units', 'gross', 'discounts', 'returns', 'units_returned'])],
  figures: ({ sql, days, isRead }) => sql`
    with lines as (
      select e.store, e.business_day, e.channel, e.currency,
        e.type = 'order.voided' as is_voided, e.type = 'order.returned' as is_returned,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.unit_prices) as unit_price,
        unnest(coalesce(e.discounts, e.refunds)) as deduction
      from log.event_log e
      where ${isRead()} and e.type in ('order.placed', 'order.voided', 'order.returned')
    ),
    -- orders, voids and returns apart: three sums a line instead of five
    sums as (
      select store, business_day, channel, sku, currency, is_voided, is_returned,
        batch.exact_sum(units) as units, batch.exact_sum(units * unit_price) as amount,
        batch.exact_sum(deduction) as deductions
      from lines
      group by store, business_day, channel, sku, currency, is_voided, is_returned
    ),
    signed as (
      select *, case when is_voided then -1 when is_returned then 0 else 1 end as sign from sums
    )
    select s.store, s.business_day, s.channel, s.sku, s.currency,
      batch.exact_sum(s.sign * s.units) as units, batch.exact_sum(s.sign * s.amount) as gross,
      batch.exact_sum(s.sign * s.deductions) as discounts,
      batch.exact_sum(s.deductions) filter (where s.is_returned) as returns,
      batch.exact_sum(s.units) filter (where s.is_returned) as units_returned
    from signed s
    join ${days()} on day.store = s.store and day.business_day = s.business_day
    group by s.store, s.business_day, s.channel, s.sku, s.currency`,
}
