import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import { type AuditScope, type FoundRow, SALES_COLUMNS } from './audit-rows.ts'

interface ChecksummedReport {
  job: string
  period: 'business_day' | 'week' | 'month'
  /** Beside store and period, in the order in which a run takes its checksum. */
  columns: string
}

const SALES = `channel, currency, ${SALES_COLUMNS}`
const PRODUCTS = 'channel, sku, currency, units, gross, discounts, returns, units_returned'
const BOOKS =
  'sku, opening, received, sold, returned, adjusted, transferred, count_correction, closing, stockout_minutes'

/** Those of most rows first, so that several readers end at about the same time. */
const REPORTS: readonly ChecksummedReport[] = [
  { job: 'daily_inventory', period: 'business_day', columns: BOOKS },
  { job: 'daily_product_sales', period: 'business_day', columns: PRODUCTS },
  { job: 'daily_sales', period: 'business_day', columns: `${SALES}, tax, customers` },
  {
    job: 'hourly_sales',
    period: 'business_day',
    columns: 'hour_start, channel, currency, orders, units, gross, discounts, returns',
  },
  { job: 'weekly_sales', period: 'week', columns: `${SALES}, customers` },
  { job: 'monthly_sales', period: 'month', columns: `${SALES}, customers` },
  { job: 'monthly_product_sales', period: 'month', columns: PRODUCTS },
  { job: 'monthly_category_sales', period: 'month', columns: PRODUCTS.replace('sku', 'category') },
  { job: 'monthly_tenders', period: 'month', columns: 'channel, tender, currency, documents, amount' },
  {
    job: 'monthly_inventory',
    period: 'month',
    columns: `${BOOKS}, average_on_hand, turnover, sell_through, days_of_cover, abc_class`,
  },
  { job: 'daily_reviews', period: 'business_day', columns: 'sku, reviews, rating_sum' },
  {
    job: 'completeness',
    period: 'business_day',
    columns: 'register, currency, z_orders, z_net, log_orders, log_net, state',
  },
]

/**
 * The rows of every run of a report against the checksum it took of them: whatever was changed since, also in
 * columns that no other audit can work out again. Names the store and period; the others name the row.
 */
export const CHECKSUM_AUDITS = REPORTS.map(
  report => (reading: Reading, scope: AuditScope) => auditChecksums(reading, scope, report),
)

async function auditChecksums(
  reading: Reading,
  scope: AuditScope,
  { job, period, columns }: ChecksummedReport,
): Promise<FoundRow[]> {
  const rows = await reading<{ store: string; period: string }[]>`
    with runs as (
      select r.store, r.period, r.checksum from batch.current_runs r
      where r.job = ${job} and r.period <= ${scope.to}
        and r.period >= ${period === 'business_day' ? reading`${scope.from}::date` : reading`date_trunc(${period}, ${scope.from}::date)::date`}
        ${inStores(reading, scope, 'r.store')}
    ),
    lines as (
      select t.store, t.${reading(period)} as period, (${reading.unsafe(columns)})::text as line
      from ${reading(`batch.${job}`)} t join runs r on r.store = t.store and r.period = t.${reading(period)}
    ),
    sums as (
      select store, period, md5(string_agg(line, chr(10) order by line collate "C")) as checksum
      from lines group by store, period
    )
    select r.store, r.period from runs r left join sums s on s.store = r.store and s.period = r.period
    where coalesce(s.checksum, md5('')) <> r.checksum
    order by r.period, r.store`
  return rows.map(({ store, period: start }) => ({
    path: 'batch',
    relation: `batch.${job}`,
    rowKey: { store, [period]: start },
    metric: 'checksum',
    stored: null,
    expected: null,
  }))
}
