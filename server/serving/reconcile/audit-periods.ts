import type { Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  type Comparison,
  compareRows,
  type FoundColumns,
  found,
  SALES_COUNTS,
  SALES_MONEY,
  salesOf,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** A report of weeks or months, and the daily report it adds up. */
interface PeriodReport {
  job: string
  period: 'week' | 'month'
  daily: string
  /** Columns of the row's key beside store and period. */
  key: readonly string[]
  counts: readonly string[]
  money: readonly string[]
}

const SALES = {
  daily: 'daily_sales',
  key: ['channel', 'currency'],
  counts: SALES_COUNTS,
  money: SALES_MONEY,
} as const
const WEEKLY_SALES: PeriodReport = { job: 'weekly_sales', period: 'week', ...SALES }
const MONTHLY_SALES: PeriodReport = { job: 'monthly_sales', period: 'month', ...SALES }
const MONTHLY_PRODUCT_SALES: PeriodReport = {
  job: 'monthly_product_sales',
  period: 'month',
  daily: 'daily_product_sales',
  key: ['channel', 'sku', 'currency'],
  counts: ['units', 'units_returned'],
  money: ['gross', 'discounts', 'returns'],
}

/**
 * Every week and month that holds a day of the scope against the sum of its days, where the run read the
 * daily figures as they stand: one that waits to be recomputed differs by right.
 */
export async function auditPeriodSums(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const found: FoundRow[] = []
  for (const report of [WEEKLY_SALES, MONTHLY_SALES, MONTHLY_PRODUCT_SALES]) {
    found.push(...(await auditSums(reading, scope, report)))
  }
  return found
}

/** Customers, who may come on several days of a week or month, against the log. */
export async function auditPeriodCustomers(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const found: FoundRow[] = []
  for (const report of [WEEKLY_SALES, MONTHLY_SALES]) {
    found.push(...(await auditCustomers(reading, scope, report)))
  }
  return found
}

async function auditSums(reading: Reading, scope: AuditScope, report: PeriodReport): Promise<FoundRow[]> {
  const { job, period, daily } = report
  const key = reading.unsafe(report.key.map(name => `d.${name}`).join(', '))
  const columns = [...report.counts, ...report.money]
  const comparison: Comparison = { ...report, key: ['store', period, ...report.key] }
  const rows = await reading<FoundColumns[]>`
    with settled as (${settledPeriods(reading, scope, report)}),
    expected as (
      select d.store, r.period_start as ${reading(period)}, ${key},
        ${reading.unsafe(columns.map(name => `batch.exact_sum(d.${name}) as ${name}`).join(', '))}
      from (select store, period_start, unnest(days) as business_day from settled) r
      join ${reading(`batch.${daily}`)} d on d.store = r.store and d.business_day = r.business_day
      group by d.store, r.period_start, ${key}
    ),
    stored as (
      select t.* from ${reading(`batch.${job}`)} t
      join settled r on r.store = t.store and r.period_start = t.${reading(period)}
    )
    ${compareRows(reading, comparison)}`
  return found('batch', `batch.${job}`, rows)
}

async function auditCustomers(
  reading: Reading,
  scope: AuditScope,
  { job, period, daily }: PeriodReport,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with settled as (${settledPeriods(reading, scope, { job, period, daily })}),
    sales as (${salesOf(reading, widened(scope), 'batch')}),
    visitors as (
      select r.store, r.period_start, e.channel, e.currency, e.customer
      from sales e
      join (select store, through, period_start, unnest(days) as business_day from settled) r
        on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      where e.customer is not null
      group by 1, 2, 3, 4, 5
      having sum(e.sign) > 0
    ),
    counted as (
      select store, period_start, channel, currency, count(*) as customers from visitors group by 1, 2, 3, 4
    ),
    stored as (
      select t.store, t.${reading(period)}, t.channel, t.currency, t.customers
      from ${reading(`batch.${job}`)} t
      join settled r on r.store = t.store and r.period_start = t.${reading(period)}
    ),
    -- Rows of nobody known are there for their sales: whether a row is missing is seen by its sums.
    expected as (
      select s.store, s.${reading(period)}, s.channel, s.currency, coalesce(c.customers, 0) as customers
      from stored s
      left join counted c on c.store = s.store and c.period_start = s.${reading(period)}
        and c.channel = s.channel and c.currency = s.currency
    )
    ${compareRows(reading, { key: ['store', period, 'channel', 'currency'], counts: ['customers'], money: [] })}`
  return found('batch', `batch.${job}`, rows)
}

/**
 * Periods whose run took in daily runs that stand now, by their checksums, with those days. Days that ended
 * since are not in yet, and make no difference.
 */
export function settledPeriods(
  reading: Reading,
  scope: AuditScope,
  { job, period, daily }: Pick<PeriodReport, 'job' | 'period' | 'daily'>,
) {
  return reading`
    select r.store, r.through_offset as through, r.period as period_start, taken.days
    from batch.current_runs r
    cross join lateral (
      select array_agg(i.day::date) as days, bool_and(d.checksum is not distinct from i.checksum) as stand
      from jsonb_each_text(r.inputs -> ${daily}) as i(day, checksum)
      left join batch.current_runs d on d.job = ${daily} and d.store = r.store and d.period = i.day::date
    ) taken
    where r.job = ${job} and r.period between date_trunc(${period}, ${scope.from}::date)::date and ${scope.to}
      and taken.stand ${inStores(reading, scope, 'r.store')}`
}

/** A week or month reaches at most a month beyond the days asked for. */
function widened(scope: AuditScope): AuditScope {
  return { ...scope, from: addDays(scope.from, -31), to: addDays(scope.to, 31) }
}
