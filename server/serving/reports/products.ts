import type { Reading } from '#db/transaction.ts'
import { REPORTING_CURRENCY } from '#domain/report-views.ts'
import { likePattern } from '#server/serving/scope.ts'
import { inSpan, partialDays, type Span } from './like-moment.ts'
import type { Question, ReportTable, TableRow } from './question.ts'

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
  net_in_reporting_currency: '0.0000',
  share_of_net: '0.00',
  units_returned: '0',
  returns_rate: null,
}

/** Sales by product. The share is of all products, whether or not they are searched for. */
export const PRODUCTS: ReportTable = {
  read: (reading, question, span) => reading<TableRow[]>`
    with sold as (${soldProducts(reading, question, span)}),
    listed as (
      select sold.*, coalesce(p.name, '') as name, coalesce(p.category, '') as category, whole.net as all_net
      from sold
      cross join (select ${netOf(reading, question)} as net from sold) whole
      left join ref.products p on p.sku = sold.sku
      where p.name ilike ${likePattern(question.request.search)} or sold.sku ilike ${likePattern(question.request.search)}
    )
    select sku as key, name, category, ${figures(reading, question)}
    from listed
    group by grouping sets ((sku, name, category), ())`,
  nothing: NOTHING_SOLD,
}

/** Sales by category of now: what a product is in today decides, not what it was in when it was sold. */
export const CATEGORIES: ReportTable = {
  read: (reading, question, span) => reading<TableRow[]>`
    -- By product first: its category is then looked up once, not for each of its days.
    with sold as (${soldProducts(reading, question, span)}),
    listed as (
      select sold.*, coalesce(p.category, '') as category, whole.net as all_net
      from sold
      cross join (select ${netOf(reading, question)} as net from sold) whole
      left join ref.products p on p.sku = sold.sku
    )
    select category as key, ${figures(reading, question)}
    from listed
    group by grouping sets ((category), ())`,
  nothing: NOTHING_SOLD,
}

/** What each product sold. Of all currencies net is converted day by day, by the rate its store-day was converted by. */
function soldProducts(reading: Reading, question: Question, span: Span) {
  const { currency } = question.request
  if (currency !== REPORTING_CURRENCY) {
    return reading`
      select sku, sum(units) as units, sum(gross) * 0.0001 as gross, sum(discounts) * 0.0001 as discounts,
        sum(returns) * 0.0001 as returns, sum(gross - discounts - returns) * 0.0001 as net,
        sum(units_returned) as units_returned
      from (${productSalesOf(reading, question, span)}) p
      where currency = ${currency}
      group by sku`
  }
  return reading`
    select p.sku, sum(p.units) as units, sum(p.units_returned) as units_returned,
      case when bool_and(s.exchange_rate is not null)
        then sum(ref.convert_amount(p.gross - p.discounts - p.returns, s.exchange_rate)) end * 0.0001 as net
    from (${productSalesOf(reading, question, span)}) p
    join batch.daily_sales s on s.store = p.store and s.business_day = p.business_day and s.channel = p.channel
      and s.currency = p.currency
    group by p.sku`
}

/** Sales of a span by store, day, channel, product and currency: of a running day from the lines of the log, up to its moment. */
export function productSalesOf(reading: Reading, { stores }: Question, span: Span) {
  const days = reading`
    select p.store, p.business_day, p.channel, p.currency, p.sku, p.units, p.gross, p.discounts, p.returns, p.units_returned
    from batch.daily_product_sales p
    where ${inSpan(reading, span, 'p')} and p.store = any(${[...stores]})`
  if (span.partial.length === 0) return days
  const { days: partial, isRead } = partialDays(reading, span)
  return reading`
    ${days}
    union all
    select store, business_day, channel, currency, sku, sum(sign * units)::bigint,
      sum(sign * coalesce(amount, units * unit_price, 0))::bigint,
      sum(sign * coalesce(discount, 0))::bigint, sum(coalesce(refund, 0))::bigint, sum(back * units)::bigint
    from (
      select e.store, e.business_day, e.channel, e.currency,
        case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
        case e.type when 'order.returned' then 1 else 0 end as back,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.unit_prices) as unit_price,
        unnest(e.amounts) as amount, unnest(e.discounts) as discount, unnest(e.refunds) as refund
      from ${partial}
      join log.event_log e on ${isRead}
      where e.type in ('order.placed', 'order.voided', 'order.returned')
    ) line
    group by store, business_day, channel, currency, sku`
}

/** Net of what is grouped; not known where that of one product is not, which only a missing rate makes so. */
function netOf(reading: Reading, { request: { currency } }: Question) {
  return currency === REPORTING_CURRENCY
    ? reading`case when bool_and(net is not null) then sum(net) end`
    : reading`sum(net)`
}

function figures(reading: Reading, question: Question) {
  const net = netOf(reading, question)
  const amounts =
    question.request.currency === REPORTING_CURRENCY
      ? reading`(${net})::text as net_in_reporting_currency`
      : reading`sum(gross)::text as gross, sum(discounts)::text as discounts, sum(returns)::text as returns,
          (${net})::text as net`
  return reading`
    sum(units)::text as units, ${amounts},
    case when max(all_net) > 0 then round(100 * (${net}) / max(all_net), 2) end::text as share_of_net,
    sum(units_returned)::text as units_returned,
    case when sum(units) > 0 then round(100 * sum(units_returned) / sum(units), 2) end::text as returns_rate`
}
