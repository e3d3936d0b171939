import type { Fragment } from '#db/transaction.ts'
import type { ReportDefinition } from './report.ts'
import { sumIfKnown } from './sales.ts'
import type { SetReading } from './set-reading.ts'

/**
 * What was paid per month and means of payment. Most documents carry one tender, which pays all of it; a
 * split payment lists amounts. Returns pay back, voids take back. Without any tender: 'unspecified'. What a day came
 * to by each means is also converted, by the rate its sales were converted by.
 */
export const monthlyTenders: ReportDefinition = {
  version: '3',
  figures: reading => {
    const { sql, days, isInRange } = reading
    return sql`
      with payments as (
        select store, business_day, channel, tender, currency, batch.exact_sum(documents) as documents,
          batch.exact_sum(amount) as amount
        from (${singlePayments(reading)} union all ${splitPayments(reading)}) as payment
        group by store, business_day, channel, tender, currency
      ),
      converted as (
        select p.*, day.period, s.reporting_currency,
          ref.convert_amount(p.amount, s.exchange_rate) as amount_in_reporting_currency
        from payments p
        join ${days()} on day.store = p.store and day.business_day = p.business_day
        join batch.daily_sales s on s.store = p.store and s.business_day = p.business_day and s.channel = p.channel
          and s.currency = p.currency
        where ${isInRange('s', 'business_day')}
      )
      select p.store, p.period as month, p.channel, p.tender, p.currency,
        batch.exact_sum(p.documents) as documents, batch.exact_sum(p.amount) as amount,
        max(p.reporting_currency) as reporting_currency,
        ${sumIfKnown(sql, 'p.amount_in_reporting_currency')} as amount_in_reporting_currency
      from converted p
      group by p.store, p.period, p.channel, p.tender, p.currency`
  },
}

function singlePayments({ sql, isRead }: SetReading): Fragment {
  return sql`
    select e.store, e.business_day, e.channel, coalesce(e.tender, 'unspecified') as tender, e.currency,
      e.orders + e.return_documents as documents,
      e.net + e.charges
        + case when s.tax_inclusive then 0 else e.tax end as amount
    from log.sales e
    join ref.store_validity s on s.store = e.store and e.business_day >= s.valid_from and e.business_day < s.valid_to
    where ${isRead()} and (e.tender is not null or e.details -> 'tenders' is null)`
}

function splitPayments({ sql, isRead }: SetReading): Fragment {
  return sql`
    select e.store, e.business_day, e.channel, part.tender, e.currency,
      e.orders + e.return_documents, (e.orders - e.return_documents) * part.amount
    from log.sales e
    -- two cards on one document are two payments, but one document
    cross join lateral (
      select split.type as tender, sum(split.amount)::bigint as amount
      from jsonb_to_recordset(e.details -> 'tenders') as split(type text, amount bigint)
      group by split.type
    ) part
    where ${isRead()} and e.tender is null and e.details -> 'tenders' is not null`
}
