import { addsUpTo } from './output-check.ts'
import type { ReportDefinition } from './report.ts'
import { sumIfKnown } from './sales.ts'

/**
 * Sales of a business day per product, from the lines of its documents (the headers, which daily_sales adds
 * up, must agree).
 *
 * The lines are unnested in the select list and grouped before anything is joined: measured over a million
 * lines, unnest() in FROM takes twice as long, and a join before the grouping keeps Postgres from grouping
 * on both cores. Discounts (of orders) and refunds (of returns) never meet on a line, so they share a column.
 */
export const dailyProductSales: ReportDefinition = {
  version: '1',
  checks: [addsUpTo('daily_sales', ['units', 'gross', 'discounts', 'returns', 'units_returned'])],
  figures: ({ sql, days, isRead }) => sql`
    with lines as (
      select e.store, e.business_day, e.channel, e.currency,
        e.type = 'order.voided' as is_voided, e.type = 'order.returned' as is_returned,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.unit_prices) as unit_price,
        unnest(e.amounts) as amount, unnest(coalesce(e.discounts, e.refunds)) as deduction
      from log.event_log e
      where ${isRead()} and e.type in ('order.placed', 'order.voided', 'order.returned')
    ),
    -- orders, voids and returns apart: three sums a line instead of five
    sums as (
      select store, business_day, channel, sku, currency, is_voided, is_returned,
        batch.exact_sum(units) as units, batch.exact_sum(coalesce(amount, units * unit_price)) as amount,
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

/** Sales of a month per product: the days' figures added up, each converted by the rate of its day. */
export const monthlyProductSales: ReportDefinition = {
  version: '2',
  figures: ({ sql, days, isInRange }) => sql`
    with sales as (
      select p.*, day.period, s.reporting_currency,
        ref.convert_amount(p.gross - p.discounts - p.returns, s.exchange_rate) as net_in_reporting_currency
      from ${days()}
      join batch.daily_product_sales p on p.store = day.store and p.business_day = day.business_day
      join batch.daily_sales s on s.store = p.store and s.business_day = p.business_day and s.channel = p.channel
        and s.currency = p.currency
      where ${isInRange('p', 'business_day')} and ${isInRange('s', 'business_day')}
    )
    select p.store, p.period as month, p.channel, p.sku, p.currency,
      batch.exact_sum(p.units) as units, batch.exact_sum(p.gross) as gross,
      batch.exact_sum(p.discounts) as discounts, batch.exact_sum(p.returns) as returns,
      batch.exact_sum(p.units_returned) as units_returned, max(p.reporting_currency) as reporting_currency,
      ${sumIfKnown(sql, 'p.net_in_reporting_currency')} as net_in_reporting_currency
    from sales p
    group by p.store, p.period, p.channel, p.sku, p.currency`,
}

/** Sales of a month per product category, as the catalogue has it now: a product that moves restates its months. */
export const monthlyCategorySales: ReportDefinition = {
  version: '2',
  figures: ({ sql, days, isInRange }) => sql`
    with months as (select distinct store, period from ${days()})
    select p.store, p.month, p.channel, coalesce(c.category, 'uncategorised') as category, p.currency,
      batch.exact_sum(p.units) as units, batch.exact_sum(p.gross) as gross,
      batch.exact_sum(p.discounts) as discounts, batch.exact_sum(p.returns) as returns,
      batch.exact_sum(p.units_returned) as units_returned, max(p.reporting_currency) as reporting_currency,
      ${sumIfKnown(sql, 'p.net_in_reporting_currency')} as net_in_reporting_currency
    from months
    join batch.monthly_product_sales p on p.store = months.store and p.month = months.period
    left join ref.products c on c.sku = p.sku
    where ${isInRange('p', 'month')}
    group by 1, 2, 3, 4, 5`,
}
