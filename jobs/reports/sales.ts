import type { Fragment } from '#db/transaction.ts'
import { addsUpTo } from './output-check.ts'
import type { ReportDefinition } from './report.ts'
import type { SetReading } from './set-reading.ts'

/**
 * Sales of a business day from the headers of its documents. A customer counts when their orders placed,
 * less their orders voided, are more than none.
 */
export const dailySales: ReportDefinition = {
  version: '1',
  figures: reading => {
    const { sql, days } = reading
    return sql`
      with customers as (
        select store, business_day, channel, currency, customer,
          batch.exact_sum(orders) as orders, batch.exact_sum(units) as units,
          batch.exact_sum(gross) as gross, batch.exact_sum(discounts) as discounts,
          batch.exact_sum(returns) as returns, batch.exact_sum(return_documents) as return_documents,
          batch.exact_sum(units_returned) as units_returned, batch.exact_sum(tax) as tax
        from ${documents(reading)}
        group by store, business_day, channel, currency, customer
      )
      select c.store, c.business_day, c.channel, c.currency,
        batch.exact_sum(c.orders) as orders, batch.exact_sum(c.units) as units,
        batch.exact_sum(c.gross) as gross, batch.exact_sum(c.discounts) as discounts,
        batch.exact_sum(c.returns) as returns, batch.exact_sum(c.return_documents) as return_documents,
        batch.exact_sum(c.units_returned) as units_returned, batch.exact_sum(c.tax) as tax,
        count(*) filter (where c.customer is not null and c.orders > 0) as customers
      from customers c
      join ${days()} on day.store = c.store and day.business_day = c.business_day
      group by c.store, c.business_day, c.channel, c.currency`
  },
}

/** Sales per hour of the store's local time, keyed by the instant it begins: the hour that comes twice in autumn is two. */
export const hourlySales: ReportDefinition = {
  version: '1',
  checks: [addsUpTo('daily_sales', ['orders', 'units', 'gross', 'discounts', 'returns'])],
  figures: reading => {
    const { sql, days } = reading
    return sql`
      with hours as (
        select document.store, business_day, date_trunc('hour', event_time, s.zone) as hour_start,
          document.channel, document.currency,
          batch.exact_sum(orders) as orders, batch.exact_sum(units) as units, batch.exact_sum(gross) as gross,
          batch.exact_sum(discounts) as discounts, batch.exact_sum(returns) as returns
        from ${documents(reading)}
        join ref.stores s on s.store = document.store
        group by 1, 2, 3, 4, 5
      )
      select h.store, h.business_day, h.hour_start, h.channel, h.currency, h.orders, h.units, h.gross, h.discounts,
        h.returns
      from hours h
      join ${days()} on day.store = h.store and day.business_day = h.business_day`
  },
}

/**
 * Sales of a week or month: the days' figures added up, but customers, who may come on several days, are
 * counted over the documents of the whole period.
 */
function periodSales(grain: 'week' | 'month'): ReportDefinition {
  return {
    version: '1',
    figures: reading => {
      const { sql, days, isInRange } = reading
      return sql`
        with sales as (
          select s.store, day.period, s.channel, s.currency,
            batch.exact_sum(s.orders) as orders, batch.exact_sum(s.units) as units,
            batch.exact_sum(s.gross) as gross, batch.exact_sum(s.discounts) as discounts,
            batch.exact_sum(s.returns) as returns, batch.exact_sum(s.return_documents) as return_documents,
            batch.exact_sum(s.units_returned) as units_returned
          from ${days()}
          join batch.daily_sales s on s.store = day.store and s.business_day = day.business_day
          where ${isInRange('s', 'business_day')}
          group by s.store, day.period, s.channel, s.currency
        ),
        visits as (
          select store, business_day, channel, currency, customer, batch.exact_sum(orders) as orders
          from ${documents(reading)}
          where customer is not null
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
        select s.store, s.period as ${sql(grain)}, s.channel, s.currency, s.orders, s.units, s.gross, s.discounts,
          s.returns, s.return_documents, s.units_returned, coalesce(c.customers, 0) as customers
        from sales s left join customers c using (store, period, channel, currency)`
    },
  }
}

export const weeklySales = periodSales('week')
export const monthlySales = periodSales('month')

/**
 * FROM item `document`: the sales documents of a set, each with what it adds to every figure, from the
 * totals of its header. A void takes its order back, a return leaves orders and gross as they are.
 */
function documents({ sql, isRead }: SetReading): Fragment {
  return sql`(
    select e.store, e.business_day, e.channel, e.currency, e.customer, e.event_time,
      effect.sign as orders,
      effect.sign * e.total_units as units,
      effect.sign * e.total_gross as gross,
      effect.sign * e.total_discounts as discounts,
      effect.sign * e.total_tax as tax,
      effect.back * e.total_returns as returns,
      effect.back as return_documents,
      effect.back * e.total_units as units_returned
    from log.event_log e
    cross join lateral (
      select case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
        case e.type when 'order.returned' then 1 else 0 end as back
    ) effect
    where ${isRead()} and e.type in ('order.placed', 'order.voided', 'order.returned')
  ) as document`
}
