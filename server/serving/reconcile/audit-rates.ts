import type { Reading } from '#db/transaction.ts'
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
        -- half even: of a half, the even neighbour
        case when abs(net * rate) - floor(abs(net * rate)) = 0.5
          then sign(net * rate) * (floor(abs(net * rate)) + floor(abs(net * rate)) % 2)
          else round(net * rate) end as net_in_reporting_currency
      from rated
    )
    ${compareRows(reading, {
      key: ['store', 'business_day', 'channel', 'currency'],
      counts: ['exchange_rate'],
      money: ['net_in_reporting_currency'],
    })}`
  return found('batch', 'batch.daily_sales', rows)
}
