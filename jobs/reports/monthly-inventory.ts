import type { ReportDefinition } from './report.ts'

/**
 * Stock per month and product: the days' books added up, and ratios over them.
 * - average_on_hand: mean of the closings of the product's days
 * - turnover: units sold / average_on_hand; sell_through: units sold / (opening + received)
 * - days_of_cover: closing / units sold a day
 * - abc_class: products by net sales in the store's currency, best first; A while those before have less
 *   than 80% of all, B less than 95%, the rest (and what earned nothing) C
 * A ratio without a positive divisor is null.
 */
export const monthlyInventory: ReportDefinition = {
  version: '2',
  checks: [
    ({ sql }) => sql`
      select store, month as period, 'the books of sku ' || sku || ' do not balance over the month' as problem
      from staged
      where opening + received - sold + returned + adjusted + transferred + count_correction <> closing`,
  ],
  figures: ({ sql, days, isInRange }) => sql`
    with days as materialized (select * from ${days()}),
    books as (
      select i.store, days.period as month, i.sku, count(*) as days,
        -- of the first day and of the last: the least pair of day and level, since sorting each product's days
        -- takes four times as long as all the sums
        (min(array[i.business_day - date '2000-01-01', i.opening]))[2] as opening,
        batch.exact_sum(i.received) as received, batch.exact_sum(i.sold) as sold,
        batch.exact_sum(i.returned) as returned, batch.exact_sum(i.adjusted) as adjusted,
        batch.exact_sum(i.transferred) as transferred,
        batch.exact_sum(i.count_correction) as count_correction,
        (max(array[i.business_day - date '2000-01-01', i.closing]))[2] as closing,
        sum(i.stockout_minutes)::integer as stockout_minutes,
        round(avg(i.closing), 4) as average_on_hand
      from days
      join batch.daily_inventory i on i.store = days.store and i.business_day = days.business_day
      where ${isInRange('i', 'business_day')}
      group by i.store, days.period, i.sku
    ),
    earnings as (
      select p.store, p.month, p.sku, sum(p.gross - p.discounts - p.returns) as net
      from (select store, period, max(business_day) as last_day from days group by store, period) months
      join batch.monthly_product_sales p on p.store = months.store and p.month = months.period
      -- what the store takes at the month's end
      join ref.store_validity s on s.store = p.store and s.currency = p.currency
        and months.last_day >= s.valid_from and months.last_day < s.valid_to
      where ${isInRange('p', 'month')}
      group by p.store, p.month, p.sku
      having sum(p.gross - p.discounts - p.returns) > 0
    ),
    shares as (
      select store, month, sku,
        (sum(net) over (partition by store, month order by net desc, sku collate "C" rows unbounded preceding) - net)
          / sum(net) over (partition by store, month) as share_before
      from earnings
    )
    select b.store, b.month, b.sku, b.opening, b.received, b.sold, b.returned, b.adjusted, b.transferred,
      b.count_correction, b.closing, b.stockout_minutes, b.average_on_hand,
      case when b.average_on_hand > 0 then round(b.sold / b.average_on_hand, 4) end as turnover,
      case when b.opening + b.received > 0 then round(b.sold::numeric / (b.opening + b.received), 4) end as sell_through,
      case when b.sold > 0 then round(b.closing * b.days::numeric / b.sold, 4) end as days_of_cover,
      case when s.share_before < 0.80 then 'A' when s.share_before < 0.95 then 'B' else 'C' end as abc_class
    from books b
    left join shares s on s.store = b.store and s.month = b.month and s.sku = b.sku`,
}
