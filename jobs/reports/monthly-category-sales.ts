import type { Report } from '#jobs/run/report.ts'

/** Sales of a month per product category, as the catalogue has it now: a product that moves restates its months. */
export const monthlyCategorySales: Report = {
  name: 'monthly_category_sales',
  version: '1',
  summary: 'sales per month, store, channel and product category',
  grain: 'month',
  cadence: 'day-ended',
  days: 'with-events',
  reads: [],
  inputs: ['monthly_product_sales'],
  references: ['categories'],
  isChained: false,
  isPublishing: false,
  isGrowing: false,
  table: {
    name: 'monthly_category_sales',
    period: 'month',
    key: ['channel', 'category', 'currency'],
    values: ['units', 'gross', 'discounts', 'returns', 'units_returned'],
  },
  checks: [],
  figures: ({ sql, days, isInRange }) => sql`
    with months as (select distinct store, period from ${days()})
    select p.store, p.month, p.channel, coalesce(c.category, 'uncategorised') as category, p.currency,
      batch.exact_sum(p.units) as units, batch.exact_sum(p.gross) as gross,
      batch.exact_sum(p.discounts) as discounts, batch.exact_sum(p.returns) as returns,
      batch.exact_sum(p.units_returned) as units_returned
    from months
    join batch.monthly_product_sales p on p.store = months.store and p.month = months.period
    left join ref.products c on c.sku = p.sku
    where ${isInRange('p', 'month')}
    group by 1, 2, 3, 4, 5`,
}
