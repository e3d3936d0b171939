import type { Report } from '#jobs/run/report.ts'

/** Sales of a month per product: the days' figures added up. */
export const monthlyProductSales: Report = {
  name: 'monthly_product_sales',
  version: '1',
  summary: 'sales per month, store, channel and product',
  grain: 'month',
  cadence: 'day-ended',
  days: 'with-events',
  reads: [],
  inputs: ['daily_product_sales'],
  references: [],
  isChained: false,
  isPublishing: false,
  isGrowing: true,
  table: {
    name: 'monthly_product_sales',
    period: 'month',
    key: ['channel', 'sku', 'currency'],
    values: ['units', 'gross', 'discounts', 'returns', 'units_returned'],
  },
  checks: [],
  figures: ({ sql, days, isInRange }) => sql`
    select p.store, day.period as month, p.channel, p.sku, p.currency,
      batch.exact_sum(p.units) as units, batch.exact_sum(p.gross) as gross,
      batch.exact_sum(p.discounts) as discounts, batch.exact_sum(p.returns) as returns,
      batch.exact_sum(p.units_returned) as units_returned
    from ${days()}
    join batch.daily_product_sales p on p.store = day.store and p.business_day = day.business_day
    where ${isInRange('p', 'business_day')}
    group by p.store, day.period, p.channel, p.sku, p.currency`,
}
