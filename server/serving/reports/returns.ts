import type { Reading } from '#db/transaction.ts'
import { REPORTING_CURRENCY } from '#domain/report-views.ts'
import { likePattern } from '#server/serving/scope.ts'
import { wholeSpan } from './like-moment.ts'
import { productSalesOf } from './products.ts'
import type { ReportTable, TableRow } from './question.ts'
import { salesOf } from './sales.ts'

/** Pieces add up over currencies; amounts are told of one. */
function ofCurrency(reading: Reading, currency: string) {
  return currency === REPORTING_CURRENCY ? reading`true` : reading`currency = ${currency}`
}

/** Returns by day, week or month, each added up from days. */
export const RETURNS: ReportTable = {
  read: (reading, question, span) => reading<TableRow[]>`
    select period::text as key,
      sum(return_documents)::text as return_documents,
      sum(units_returned)::text as units_returned,
      sum(returns)::text as returns,
      case when sum(gross - discounts) > 0
        then round(100 * sum(returns) / sum(gross - discounts), 2) end::text as refund_rate,
      sum(units)::text as units,
      case when sum(units) > 0 then round(100 * sum(units_returned) / sum(units), 2) end::text as returns_rate
    from (
      select date_trunc(${question.request.grain}, s.business_day::timestamp)::date as period, s.*
      from (${salesOf(reading, question, span)}) s
      where ${ofCurrency(reading, question.request.currency)}
    ) s
    group by grouping sets ((period), ())`,
  nothing: {
    return_documents: '0',
    units_returned: '0',
    returns: '0.0000',
    refund_rate: null,
    units: '0',
    returns_rate: null,
  },
}

/** Returns by product: of what came back in this range or in the one it is held against. Of the table, as products are. */
export const RETURNS_BY_PRODUCT: ReportTable = {
  read: (reading, question, span) => {
    const { range, compared } = question
    const { currency, search } = question.request
    const [now, before] = [wholeSpan(range), compared ?? wholeSpan(range)]
    return reading<TableRow[]>`
      with returned as (
        select distinct sku from (
          ${productSalesOf(reading, question, now)}
          union all
          ${productSalesOf(reading, question, before)}
        ) p
        where ${ofCurrency(reading, currency)} and (units_returned <> 0 or returns <> 0)
      ),
      sold as (
        select sku, sum(units_returned) as units_returned, sum(returns) * 0.0001 as returns, sum(units) as units
        from (${productSalesOf(reading, question, span)}) p
        where ${ofCurrency(reading, currency)} and sku in (select sku from returned)
        group by sku
      ),
      listed as (
        select sold.*, coalesce(p.name, '') as name, coalesce(p.category, '') as category
        from sold left join ref.products p on p.sku = sold.sku
        where p.name ilike ${likePattern(search)} or sold.sku ilike ${likePattern(search)}
      )
      select sku as key, name, category,
        sum(units_returned)::text as units_returned,
        sum(returns)::text as returns,
        sum(units)::text as units,
        case when sum(units) > 0 then round(100 * sum(units_returned) / sum(units), 2) end::text as returns_rate
      from listed
      group by grouping sets ((sku, name, category), ())`
  },
  nothing: { units_returned: '0', returns: '0.0000', units: '0', returns_rate: null },
}
