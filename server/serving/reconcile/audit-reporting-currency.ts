import type { Reading } from '#db/transaction.ts'
import { settledPeriods } from './audit-periods.ts'
import { compareRows, type FoundColumns, found, storedRows } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * The reporting currency of every row of `batch.daily_sales`: the rate that holds on its day by ref.exchange_rates, and
 * its net at that rate, rounded half even. Another rate than was used is one that was changed and has not been taken in.
 */
export async function auditRates(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with stored as (
      select store, business_day, channel, currency, exchange_rate, net_in_reporting_currency
      from (${storedRows(reading, scope, 'batch.daily_sales')}) sales
    ),
    rated as (
      select d.store, d.business_day, d.channel, d.currency, d.gross - d.discounts - d.returns as net,
        case when d.currency = told.currency then 1 else held.rate end as rate
      from (${storedRows(reading, scope, 'batch.daily_sales')}) d
      cross join (select value #>> '{}' as currency from ref.settings where name = 'reporting_currency') told
      left join lateral (
        select x.rate from ref.exchange_rates x
        where x.currency = d.currency and x.reporting_currency = told.currency and x.valid_from <= d.business_day
        order by x.valid_from desc limit 1
      ) held on true
    ),
    expected as (
      select store, business_day, channel, currency, rate as exchange_rate,
        ${converted(reading, 'net', 'rate')} as net_in_reporting_currency
      from rated
    )
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'currency'],
      counts: ['exchange_rate'],
      money: ['net_in_reporting_currency'],
    })}`
  return found('batch', 'batch.daily_sales', rows)
}

/** What weeks, months and products tell in the reporting currency against the days they add up, where those are as they read them. */
export async function auditConvertedPeriods(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  return [
    ...(await auditSums(reading, scope, { job: 'weekly_sales', period: 'week' })),
    ...(await auditSums(reading, scope, { job: 'monthly_sales', period: 'month' })),
    ...(await auditProducts(reading, scope)),
  ]
}

async function auditSums(
  reading: Reading,
  scope: AuditScope,
  { job, period }: { job: string; period: 'week' | 'month' },
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with settled as (${settledPeriods(reading, scope, { job, period, daily: 'daily_sales' })}),
    expected as (
      select d.store, r.period_start as ${reading(period)}, d.channel, d.currency,
        ${knownSum(reading, 'd.net_in_reporting_currency')} as net_in_reporting_currency
      from (select store, period_start, unnest(days) as business_day from settled) r
      join batch.daily_sales d on d.store = r.store and d.business_day = r.business_day
      group by 1, 2, 3, 4
    ),
    stored as (
      select t.* from ${reading(`batch.${job}`)} t
      join settled r on r.store = t.store and r.period_start = t.${reading(period)}
    )
    ${compareRows(reading, {
      key: ['store', period, 'channel', 'currency'],
      counts: [],
      money: ['net_in_reporting_currency'],
    })}`
  return found('batch', `batch.${job}`, rows)
}

/** Of months that took in the days' products and the days' rates as they stand now. */
async function auditProducts(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const job = { job: 'monthly_product_sales', period: 'month' } as const
  const rows = await reading<FoundColumns[]>`
    with settled as (
      select p.* from (${settledPeriods(reading, scope, { ...job, daily: 'daily_product_sales' })}) p
      join (${settledPeriods(reading, scope, { ...job, daily: 'daily_sales' })}) s
        on s.store = p.store and s.period_start = p.period_start
    ),
    days as (
      select d.store, r.period_start as month, d.channel, d.sku, d.currency,
        ${converted(reading, 'd.gross - d.discounts - d.returns', 's.exchange_rate')} as net_in_reporting_currency
      from (select store, period_start, unnest(days) as business_day from settled) r
      join batch.daily_product_sales d on d.store = r.store and d.business_day = r.business_day
      join batch.daily_sales s on s.store = d.store and s.business_day = d.business_day and s.channel = d.channel
        and s.currency = d.currency
    ),
    expected as (
      select store, month, channel, sku, currency,
        ${knownSum(reading, 'net_in_reporting_currency')} as net_in_reporting_currency
      from days group by 1, 2, 3, 4, 5
    ),
    stored as (
      select t.* from batch.monthly_product_sales t
      join settled r on r.store = t.store and r.period_start = t.month
    )
    ${compareRows(reading, {
      key: ['store', 'month', 'channel', 'sku', 'currency'],
      counts: [],
      money: ['net_in_reporting_currency'],
    })}`
  return found('batch', 'batch.monthly_product_sales', rows)
}

/** A sum of which no part is missing. */
function knownSum(reading: Reading, amount: string) {
  return reading.unsafe(`case when count(*) = count(${amount}) then sum(${amount}) end`)
}

/** An amount at a rate, half even, by whole numbers (quotient, rest, parity), where the reports round a decimal: what is more than half of the last unit goes up, half of it to the even one. */
function converted(reading: Reading, amount: string, rate: string) {
  const unit = '10000000000::numeric'
  const product = `abs((${amount}) * trunc(${rate} * ${unit}))`
  return reading.unsafe(`
    sign(${amount}) * (div(${product}, ${unit}) + case
      when 2 * mod(${product}, ${unit}) > ${unit} then 1
      when 2 * mod(${product}, ${unit}) = ${unit} then mod(div(${product}, ${unit}), 2)
      else 0
    end)`)
}
