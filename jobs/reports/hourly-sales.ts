import { addsUpTo } from '#jobs/run/output-check.ts'
import type { Report } from '#jobs/run/report.ts'
import { documents } from './documents.ts'

/** Sales per hour of the store's local time, keyed by the instant it begins: the hour that comes twice in autumn is two. */
export const hourlySales: Report = {
  name: 'hourly_sales',
  version: '1',
  summary: 'sales per hour of a business day, store and channel',
  grain: 'day',
  cadence: 'every-tick',
  days: 'with-events',
  reads: ['events'],
  inputs: [],
  references: [],
  isChained: false,
  isPublishing: false,
  isGrowing: true,
  table: {
    name: 'hourly_sales',
    period: 'business_day',
    key: ['hour_start', 'channel', 'currency'],
    values: ['orders', 'units', 'gross', 'discounts', 'returns'],
  },
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
