import type { Reading } from '#db/transaction.ts'
import { PERIOD_COLUMNS } from '#domain/calendar.ts'
import { MEASURE_COLUMNS, MEASURES_BY_COLUMN } from '#domain/measures.ts'
import { REPORTING_CURRENCY } from '#domain/report-views.ts'
import { inSpan, partialDays, type Span } from './like-moment.ts'
import type { Question, ReportTable, TableRow } from './question.ts'

/** Sales by day, week or month, or by store. Averages are of sums, so that a total's is no average of averages. */
export const SALES: ReportTable = {
  read: (reading, question, span) =>
    question.request.currency === REPORTING_CURRENCY
      ? readConverted(reading, question, span)
      : readSales(reading, question, span),
  nothing: {
    ...Object.fromEntries(
      MEASURE_COLUMNS.map(column => [column, MEASURES_BY_COLUMN[column].kind === 'money' ? '0.0000' : '0']),
    ),
    net: '0.0000',
    average_order_value: null,
    customers: '0',
    net_in_reporting_currency: '0.0000',
  },
}

/** The column that rows are told by: their store, or their period. */
function keyOf(reading: Reading, { keys, request: { grain } }: Question) {
  return keys.includes('store')
    ? reading`s.store`
    : reading`date_trunc(${grain}, s.business_day::timestamp)::date`
}

function readSales(reading: Reading, question: Question, span: Span): Promise<TableRow[]> {
  return reading<TableRow[]>`
    select key::text as key,
      ${reading.unsafe(MEASURE_COLUMNS.map(column => `sum(s.${column})::text as ${column}`).join(', '))},
      sum(s.net)::text as net,
      case when sum(s.orders) > 0 then round(sum(s.gross - s.discounts) / sum(s.orders), 4) end::text
        as average_order_value,
      case when bool_and(s.customers is not null) then sum(s.customers) end::text as customers
    from (select ${keyOf(reading, question)} as key, s.* from (${salesOf(reading, question, span)}) s
      where s.currency = ${question.request.currency}) s
    group by grouping sets ((key), ())`
}

/** Of all currencies, what adds up over them. An amount without an exchange rate makes a sum unknown, not smaller. */
function readConverted(reading: Reading, question: Question, span: Span): Promise<TableRow[]> {
  return reading<TableRow[]>`
    select key::text as key,
      sum(s.orders)::text as orders,
      sum(s.units)::text as units,
      case when bool_and(s.net_in_reporting_currency is not null)
        then sum(s.net_in_reporting_currency) end::text as net_in_reporting_currency,
      sum(s.return_documents)::text as return_documents,
      sum(s.units_returned)::text as units_returned
    from (select ${keyOf(reading, question)} as key, s.* from (${salesOf(reading, question, span)}) s) s
    group by grouping sets ((key), ())`
}

/**
 * Sales of a span, a row a store, period, channel and currency, as the views of schema `reports` tell them, with the
 * period's first day as `business_day`. Whole weeks and months as their own reports have them, for customers come again;
 * of a span that goes on the days, and of a running day what the log has up to its moment, without customers.
 */
export function salesOf(reading: Reading, { source, stores }: Question, span: Span) {
  const columns = reading.unsafe(
    [...MEASURE_COLUMNS, 'net', 'customers', 'net_in_reporting_currency']
      .map(column => `s.${column}`)
      .join(', '),
  )
  if (span.through === null) {
    const period = reading(PERIOD_COLUMNS[source.grain])
    return reading`
      select s.store, s.${period} as business_day, s.currency, ${columns}
      from ${reading(`reports.${source.job}`)} s
      where s.${period} between ${span.from} and ${span.to} and s.store = any(${[...stores]})`
  }
  const customers = source.grain === 'day' ? reading`s.customers` : reading`null::bigint as customers`
  const measures = reading.unsafe(MEASURE_COLUMNS.map(column => `s.${column}`).join(', '))
  const days = reading`
    select s.store, s.business_day, s.currency, ${measures}, s.net, ${customers}, s.net_in_reporting_currency
    from reports.daily_sales s
    where ${inSpan(reading, span, 's')} and s.store = any(${[...stores]})`
  if (span.partial.length === 0) return days
  const { days: partial, isRead } = partialDays(reading, span)
  const amounts = reading.unsafe(
    MEASURE_COLUMNS.map(column =>
      MEASURES_BY_COLUMN[column].kind === 'money' ? `sum(e.${column}) * 0.0001` : `sum(e.${column})`,
    ).join(', '),
  )
  return reading`
    ${days}
    union all
    select e.store, e.business_day, e.currency, ${amounts}, sum(e.net) * 0.0001, null,
      ref.convert_amount(sum(e.net)::bigint, max(r.exchange_rate)) * 0.0001
    from ${partial}
    join log.sales e on ${isRead}
    left join batch.daily_sales r on r.store = e.store and r.business_day = e.business_day and r.channel = e.channel
      and r.currency = e.currency
    group by e.store, e.business_day, e.channel, e.currency`
}
