import type { Report } from '#jobs/run/report.ts'
import { documents } from './documents.ts'

/**
 * Sales of a week or month: the days' figures added up, but customers, who may come on several days, are
 * counted over the documents of the whole period.
 */
function periodSales(grain: 'week' | 'month'): Report {
  return {
    name: `${grain}ly_sales`,
    version: '1',
    summary: `sales per ${grain === 'week' ? 'week (from Monday)' : 'month'}, store and channel`,
    grain,
    cadence: 'day-ended',
    days: 'with-events',
    reads: ['events'],
    inputs: ['daily_sales'],
    references: [],
    isChained: false,
    isPublishing: false,
    isGrowing: true,
    table: {
      name: `${grain}ly_sales`,
      period: grain,
      key: ['channel', 'currency'],
      values: [
        'orders',
        'units',
        'gross',
        'discounts',
        'returns',
        'return_documents',
        'units_returned',
        'customers',
      ],
    },
    checks: [],
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
