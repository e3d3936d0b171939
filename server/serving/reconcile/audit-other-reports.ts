import type { Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  compareRows,
  type FoundColumns,
  found,
  inLogOf,
  isCounted,
  runsOf,
  salesOf,
  storedRows,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** Every row of `batch.daily_reviews` against the log up to what its run has read. */
export async function auditDailyReviews(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with runs as (${runsOf(reading, scope, 'daily_reviews')}),
    expected as (
      select e.store, e.business_day, e.details ->> 'sku' as sku, count(*) as reviews,
        sum((e.details ->> 'rating')::integer) as rating_sum
      from log.event_log e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      where e.type = 'review.posted' and ${inLogOf(reading, scope)} and ${isCounted(reading, 'batch')}
      group by 1, 2, 3
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_reviews')})
    ${compareRows(reading, { key: ['store', 'business_day', 'sku'], counts: ['reviews', 'rating_sum'], money: [] })}`
  return found('batch', 'batch.daily_reviews', rows)
}

/** Every month of `batch.monthly_tenders` that holds a day of the scope against the log up to its run. */
export async function auditMonthlyTenders(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with runs as (${monthlyRuns(reading, scope, 'monthly_tenders')}),
    sales as (${salesOf(reading, { ...scope, from: addDays(scope.from, -31), to: addDays(scope.to, 31) }, 'batch')}),
    payments as (
      select r.store, r.month, e.channel, e.currency, coalesce(part.tender, e.tender, 'unspecified') as tender,
        case when e.sign < 0 then -1 else 1 end as document,
        case when e.sign > 0 then 1 else -1 end * coalesce(part.amount,
          e.total_gross - e.total_discounts + e.total_returns + case when s.tax_inclusive then 0 else e.total_tax end
          + coalesce((select sum(charged.amount) from jsonb_to_recordset(e.details -> 'charges') as charged(amount bigint)), 0))
          as amount
      from sales e
      join (select store, month, through, unnest(days) as business_day from runs) r
        on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      join ref.store_validity s on s.store = e.store and e.business_day >= s.valid_from and e.business_day < s.valid_to
      left join lateral (
        select split.type as tender, sum(split.amount) as amount
        from jsonb_to_recordset(case when e.tender is null then e.details -> 'tenders' end)
          as split(type text, amount bigint)
        group by split.type
      ) part on true
    ),
    expected as (
      select store, month, channel, tender, currency, batch.exact_sum(document) as documents, sum(amount) as amount
      from payments group by 1, 2, 3, 4, 5
    ),
    stored as (
      select t.* from batch.monthly_tenders t join runs r on r.store = t.store and r.month = t.month
    )
    ${compareRows(reading, {
      key: ['store', 'month', 'channel', 'tender', 'currency'],
      counts: ['documents'],
      money: ['amount'],
    })}`
  return found('batch', 'batch.monthly_tenders', rows)
}

/**
 * Every month of `batch.monthly_category_sales` that holds a day of the scope against the products it adds
 * up, in the categories of now; months computed in other categories wait to be recomputed.
 */
export async function auditMonthlyCategorySales(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with runs as (
      select m.store, m.month from (${monthlyRuns(reading, scope, 'monthly_category_sales')}) m
      join batch.current_runs p on p.job = 'monthly_product_sales' and p.store = m.store and p.period = m.month
      where p.checksum = m.inputs -> 'monthly_product_sales' ->> m.month::text
        and m.inputs -> 'categories' ->> '' = (
          select md5(coalesce(string_agg(md5(sku) || md5(category), '' order by sku collate "C"), ''))
          from ref.products where category is not null)
    ),
    expected as (
      select p.store, p.month, p.channel, coalesce(c.category, 'uncategorised') as category, p.currency,
        sum(p.units) as units, sum(p.gross) as gross, sum(p.discounts) as discounts, sum(p.returns) as returns,
        sum(p.units_returned) as units_returned
      from runs r
      join batch.monthly_product_sales p on p.store = r.store and p.month = r.month
      left join ref.products c on c.sku = p.sku
      group by 1, 2, 3, 4, 5
    ),
    stored as (
      select t.* from batch.monthly_category_sales t join runs r on r.store = t.store and r.month = t.month
    )
    ${compareRows(reading, {
      key: ['store', 'month', 'channel', 'category', 'currency'],
      counts: ['units', 'units_returned'],
      money: ['gross', 'discounts', 'returns'],
    })}`
  return found('batch', 'batch.monthly_category_sales', rows)
}

/** Runs of a monthly job for the months of the scope, with the days each took in (those with a daily run). */
function monthlyRuns(reading: Reading, scope: AuditScope, job: string) {
  return reading`
    select r.store, r.period as month, r.through_offset as through, r.computed_at, r.inputs,
      array(select day::date from jsonb_object_keys(r.inputs -> 'daily_sales') day) as days
    from batch.current_runs r
    where r.job = ${job} and r.period between date_trunc('month', ${scope.from}::date)::date and ${scope.to}
      ${inStores(reading, scope, 'r.store')}`
}
