import type { Fragment, Transaction } from '#db/transaction.ts'
import { MEASURE_COLUMNS } from '#domain/measures.ts'
import { addsUpTo } from './output-check.ts'
import type { ReportDefinition } from './report.ts'

/**
 * Sales of a business day from the headers of its documents. A customer counts when their orders placed,
 * less their orders voided, are more than none. Net is also told in the reporting currency, at the rate of the day,
 * which stays with the row: weeks, months and products are converted by it.
 */
export const dailySales: ReportDefinition = {
  version: '2',
  figures: ({ sql, days, isRead }) => sql`
    with customers as (
      select store, business_day, channel, currency, customer,
        ${sumsOfMeasures(sql)}, batch.exact_sum(tax) as tax
      from log.sales e
      where ${isRead()}
      group by store, business_day, channel, currency, customer
    ),
    sales as (
      select c.store, c.business_day, c.channel, c.currency,
        ${sumsOfMeasures(sql)}, batch.exact_sum(tax) as tax,
        count(*) filter (where c.customer is not null and c.orders > 0) as customers
      from customers c
      join ${days()} on day.store = c.store and day.business_day = c.business_day
      group by c.store, c.business_day, c.channel, c.currency
    )
    select s.*, reporting.currency as reporting_currency,
      ref.convert_amount(s.gross - s.discounts - s.returns, rate.rate) as net_in_reporting_currency,
      rate.rate::numeric(20, 10) as exchange_rate
    from sales s
    cross join ref.reporting_currency reporting
    cross join lateral ref.rate_on(s.currency, reporting.currency, s.business_day) rate`,
}

/**
 * Sales per hour of the store's clocks, keyed by the instant it begins: the hour that comes twice in autumn is two. An
 * event that lies outside its own business day (its row is wrong) is told by the hour in UTC.
 * Those known by their date alone stand apart, in rows that name no known hour.
 */
export const hourlySales: ReportDefinition = {
  version: '2',
  checks: [addsUpTo('daily_sales', ['orders', 'units', 'gross', 'discounts', 'returns'])],
  figures: ({ sql, days, clocks, isRead }) => sql`
    with hours as (
      select e.store, e.business_day, e.channel, e.currency,
        coalesce(ref.hour_start(e.event_time, clock.starts_at, clock.offset_seconds), date_trunc('hour', e.event_time))
          as hour_start,
        e.details -> 'dateOnly' is null as hour_known,
        batch.exact_sum(e.orders) as orders, batch.exact_sum(e.units) as units, batch.exact_sum(e.gross) as gross,
        batch.exact_sum(e.discounts) as discounts, batch.exact_sum(e.returns) as returns
      from log.sales e
      left join ${clocks()} on clock.store = e.store and clock.business_day = e.business_day
        and e.event_time >= clock.starts_at and e.event_time < clock.ends_at
      where ${isRead()}
      group by 1, 2, 3, 4, 5, 6
    )
    select h.store, h.business_day, h.hour_start, h.channel, h.currency, h.hour_known, h.orders, h.units, h.gross, h.discounts,
      h.returns
    from hours h
    join ${days()} on day.store = h.store and day.business_day = h.business_day`,
}

/**
 * Sales of a week or month: the days' figures added up, those in the reporting currency as each day was converted;
 * but customers, who may come on several days, are counted over the documents of the whole period.
 */
function periodSales(grain: 'week' | 'month'): ReportDefinition {
  return {
    version: '2',
    figures: ({ sql, days, isRead, isInRange }) => sql`
      with sales as (
        select s.store, day.period as ${sql(grain)}, s.channel, s.currency, ${sumsOfMeasures(sql)},
          max(s.reporting_currency) as reporting_currency,
          ${sumIfKnown(sql, 's.net_in_reporting_currency')} as net_in_reporting_currency
        from ${days()}
        join batch.daily_sales s on s.store = day.store and s.business_day = day.business_day
        where ${isInRange('s', 'business_day')}
        group by s.store, day.period, s.channel, s.currency
      ),
      visits as (
        select store, business_day, channel, currency, customer, batch.exact_sum(orders) as orders
        from log.sales e
        where ${isRead()} and customer is not null
        group by store, business_day, channel, currency, customer
      ),
      visitors as (
        select v.store, day.period, v.channel, v.currency, v.customer
        from visits v
        join ${days()} on day.store = v.store and day.business_day = v.business_day
        group by v.store, day.period, v.channel, v.currency, v.customer
        having sum(v.orders) > 0
      ),
      customers as (
        select store, period, channel, currency, count(*) as customers
        from visitors group by store, period, channel, currency
      )
      select s.*, coalesce(c.customers, 0) as customers
      from sales s
      left join customers c on c.store = s.store and c.period = s.${sql(grain)} and c.channel = s.channel
        and c.currency = s.currency`,
  }
}

export const weeklySales = periodSales('week')
export const monthlySales = periodSales('month')

/** A sum of converted amounts, null where one of them is not known: what is missing is not nothing. */
export function sumIfKnown(sql: Transaction, amount: string): Fragment {
  return sql.unsafe(`case when bool_and(${amount} is not null) then batch.exact_sum(${amount}) end`)
}

/** `batch.exact_sum(orders) as orders`, and so on for every measure. */
function sumsOfMeasures(sql: Transaction): Fragment {
  return sql.unsafe(MEASURE_COLUMNS.map(column => `batch.exact_sum(${column}) as ${column}`).join(', '))
}
