import type { Reading } from '#server/serving/reading.ts'
import { type AuditScope, inStores } from '#server/serving/reconcile/audit-scope.ts'
import { type Comparison, compareRows } from '#server/serving/reconcile/compare-rows.ts'
import { type FoundColumns, type FoundRow, found } from '#server/serving/reconcile/found-row.ts'

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
  counts: ['orders', 'units', 'return_documents', 'units_returned'],
  money: ['gross', 'discounts', 'returns'],
} as const

const REPORTS: readonly PeriodReport[] = [
  { job: 'weekly_sales', period: 'week', ...SALES },
  { job: 'monthly_sales', period: 'month', ...SALES },
  {
    job: 'monthly_product_sales',
    period: 'month',
    daily: 'daily_product_sales',
    key: ['channel', 'sku', 'currency'],
    counts: ['units', 'units_returned'],
    money: ['gross', 'discounts', 'returns'],
  },
]

/**
 * Every week and month that holds a day of the scope against the sum of its days, where the run read the
 * daily figures as they stand: one that waits to be recomputed differs by right.
 */
export async function auditPeriods(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows: FoundRow[] = []
  for (const report of REPORTS) rows.push(...(await auditPeriod(reading, scope, report)))
  return rows
}

async function auditPeriod(reading: Reading, scope: AuditScope, report: PeriodReport): Promise<FoundRow[]> {
  const { job, period, daily } = report
  const columns = [...report.counts, ...report.money]
  const comparison: Comparison = {
    key: ['store', period, ...report.key],
    counts: report.counts,
    money: report.money,
  }
  const rows = await reading<FoundColumns[]>`
    with runs as (
      select r.store, r.period as period_start, r.computed_at, r.inputs -> ${daily} as inputs,
        (r.period + ${`1 ${period}`}::text::interval)::date as period_end
      from batch.current_runs r
      where r.job = ${job} and r.period between date_trunc(${period}, ${scope.from}::date)::date and ${scope.to}
        ${inStores(reading, scope, 'r.store')}
    ),
    settled as (
      select r.store, r.period_start, r.period_end
      from runs r
      where not exists (
        select from batch.current_runs d
        where d.job = ${daily} and d.store = r.store and d.period >= r.period_start and d.period < r.period_end
          and d.checksum is distinct from r.inputs ->> d.period::text
      )
    ),
    expected as (
      select r.store, r.period_start as ${reading(period)}, ${reading.unsafe(report.key.map(name => `d.${name}`).join(', '))},
        ${reading.unsafe(columns.map(name => `sum(d.${name}) as ${name}`).join(', '))}
      from settled r
      join ${reading(`batch.${daily}`)} d
        on d.store = r.store and d.business_day >= r.period_start and d.business_day < r.period_end
      group by r.store, r.period_start, ${reading.unsafe(report.key.map(name => `d.${name}`).join(', '))}
    ),
    stored as (
      select t.* from ${reading(`batch.${job}`)} t
      join settled r on r.store = t.store and r.period_start = t.${reading(period)}
    )
    ${compareRows(reading, comparison)}`
  return found('batch', `batch.${job}`, rows)
}
