import type { Reading } from '#db/transaction.ts'
import { PERIOD_COLUMNS } from '#domain/calendar.ts'
import { MEASURE_COLUMNS, MEASURES_BY_COLUMN } from '#domain/measures.ts'
import { REPORTING_CURRENCY } from '#domain/report-views.ts'
import type { DayRange } from './periods.ts'
import type { Question, ReportTable, TableRow } from './question.ts'

/** Sales by day, week or month, or by store. Averages are of sums, so that a total's is no average of averages. */
export const SALES: ReportTable = {
  read: (reading, question, range) =>
    question.request.currency === REPORTING_CURRENCY
      ? readConverted(reading, question, range)
      : readSales(reading, question, range),
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

/** The view of the asked grain, its column of the period, and the column that rows are told by. */
function partsOf(reading: Reading, { source, keys }: Question) {
  const period = PERIOD_COLUMNS[source.grain]
  return {
    view: reading(`reports.${source.job}`),
    period: reading(period),
    key: reading(keys.includes('store') ? 'store' : period),
  }
}

function readSales(reading: Reading, question: Question, { from, to }: DayRange): Promise<TableRow[]> {
  const { view, period, key } = partsOf(reading, question)
  const { stores, request } = question
  return reading<TableRow[]>`
    select s.${key}::text as key,
      ${reading.unsafe(MEASURE_COLUMNS.map(column => `sum(s.${column})::text as ${column}`).join(', '))},
      sum(s.net)::text as net,
      case when sum(s.orders) > 0 then round(sum(s.gross - s.discounts) / sum(s.orders), 4) end::text
        as average_order_value,
      sum(s.customers)::text as customers
    from ${view} s
    where s.${period} between ${from} and ${to} and s.store = any(${[...stores]}) and s.currency = ${request.currency}
    group by grouping sets ((s.${key}), ())`
}

/** Of all currencies, what adds up over them. An amount without an exchange rate makes a sum unknown, not smaller. */
function readConverted(reading: Reading, question: Question, { from, to }: DayRange): Promise<TableRow[]> {
  const { view, period, key } = partsOf(reading, question)
  return reading<TableRow[]>`
    select s.${key}::text as key,
      sum(s.orders)::text as orders,
      sum(s.units)::text as units,
      case when bool_and(s.net_in_reporting_currency is not null)
        then sum(s.net_in_reporting_currency) end::text as net_in_reporting_currency,
      sum(s.return_documents)::text as return_documents,
      sum(s.units_returned)::text as units_returned
    from ${view} s
    where s.${period} between ${from} and ${to} and s.store = any(${[...question.stores]})
    group by grouping sets ((s.${key}), ())`
}
