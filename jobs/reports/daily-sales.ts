import type { Report } from '#jobs/run/report.ts'
import { documents } from './documents.ts'

/**
 * Sales of a business day from the headers of its documents. A customer counts when their orders placed,
 * less their orders voided, are more than none.
 */
export const dailySales: Report = {
  name: 'daily_sales',
  version: '1',
  summary: 'sales per business day, store and channel; its first run after a day publishes the day',
  grain: 'day',
  cadence: 'every-tick',
  days: 'with-events',
  reads: ['events'],
  inputs: [],
  references: [],
  isChained: false,
  isPublishing: true,
  isGrowing: true,
  table: {
    name: 'daily_sales',
    period: 'business_day',
    key: ['channel', 'currency'],
    values: [
      'orders',
      'units',
      'gross',
      'discounts',
      'returns',
      'return_documents',
      'units_returned',
      'tax',
      'customers',
    ],
  },
  checks: [],
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
