import { likePattern } from '#server/serving/scope.ts'
import type { ReportTable, TableRow } from './question.ts'

/*
 * Of the table below the view reports.daily_product_sales, which tells amounts as decimals: a year of 1.5 million rows
 * adds up in 2 s as integers, and in 8 s as decimals.
 */

const NOTHING_SOLD = {
  units: '0',
  gross: '0.0000',
  discounts: '0.0000',
  returns: '0.0000',
  net: '0.0000',
  share_of_net: '0.00',
  units_returned: '0',
  returns_rate: null,
}

/** Sales by product. The share is of all products, whether or not they are searched for. */
export const PRODUCTS: ReportTable = {
  read: (reading, { stores, request: { currency, search } }, { from, to }) => reading<TableRow[]>`
    with sold as (
      select sku, sum(units) as units, sum(gross) * 0.0001 as gross, sum(discounts) * 0.0001 as discounts,
        sum(returns) * 0.0001 as returns, sum(gross - discounts - returns) * 0.0001 as net,
        sum(units_returned) as units_returned
      from batch.daily_product_sales
      where business_day between ${from} and ${to} and store = any(${[...stores]}) and currency = ${currency}
      group by sku
    ),
    listed as (
      select sold.*, coalesce(p.name, '') as name, coalesce(p.category, '') as category, whole.net as all_net
      from sold
      cross join (select sum(net) as net from sold) whole
      left join ref.products p on p.sku = sold.sku
      where p.name ilike ${likePattern(search)} or sold.sku ilike ${likePattern(search)}
    )
    select sku as key, name, category,
      sum(units)::text as units,
      sum(gross)::text as gross,
      sum(discounts)::text as discounts,
      sum(returns)::text as returns,
      sum(net)::text as net,
      case when max(all_net) > 0 then round(100 * sum(net) / max(all_net), 2) end::text as share_of_net,
      sum(units_returned)::text as units_returned,
      case when sum(units) > 0 then round(100 * sum(units_returned) / sum(units), 2) end::text as returns_rate
    from listed
    group by grouping sets ((sku, name, category), ())`,
  nothing: NOTHING_SOLD,
}

/** Sales by category of now: what a product is in today decides, not what it was in when it was sold. */
export const CATEGORIES: ReportTable = {
  read: (reading, { stores, request: { currency } }, { from, to }) => reading<TableRow[]>`
    -- By product first: its category is then looked up once, not for each of its days.
    with sold as (
      select sku, sum(units) as units, sum(gross) * 0.0001 as gross, sum(discounts) * 0.0001 as discounts,
        sum(returns) * 0.0001 as returns, sum(gross - discounts - returns) * 0.0001 as net,
        sum(units_returned) as units_returned
      from batch.daily_product_sales
      where business_day between ${from} and ${to} and store = any(${[...stores]}) and currency = ${currency}
      group by sku
    ),
    listed as (
      select sold.*, coalesce(p.category, '') as category, whole.net as all_net
      from sold
      cross join (select sum(net) as net from sold) whole
      left join ref.products p on p.sku = sold.sku
    )
    select category as key,
      sum(units)::text as units,
      sum(gross)::text as gross,
      sum(discounts)::text as discounts,
      sum(returns)::text as returns,
      sum(net)::text as net,
      case when max(all_net) > 0 then round(100 * sum(net) / max(all_net), 2) end::text as share_of_net,
      sum(units_returned)::text as units_returned,
      case when sum(units) > 0 then round(100 * sum(units_returned) / sum(units), 2) end::text as returns_rate
    from listed
    group by grouping sets ((category), ())`,
  nothing: NOTHING_SOLD,
}
