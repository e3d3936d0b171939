import type { Fragment } from '#db/transaction.ts'
import { REGISTER_HABIT_DAYS, WEEKDAY_HABIT_WEEKS } from '#domain/expectations.ts'
import type { ReportDefinition } from './report.ts'
import type { SetReading } from './set-reading.ts'

/** More receipts than this a register does not print in a day: numbers that began anew, or none. */
const MOST_RECEIPTS = 100_000

/**
 * The log against the tills' own totals (Z reports), per register: the only check that the log itself misses
 * nothing. A register that has reported within a week is expected to report a day on which its store trades; of
 * several reports of a day the last stands. Stores whose tills never report have nothing to compare, and no rows. A
 * journal ends with the Z reports: a journal store without any of the day awaits its journal, or the rest of it, under
 * its registers; one whose tills never report awaits it while nothing has come, under ''.
 *
 * A till may also tell its totals by means of payment, the cash it was opened and closed with, and the receipts it has
 * printed. Means of payment are compared where every document of the register names its own.
 */
export const completeness: ReportDefinition = {
  version: '5',
  figures: reading => reading.sql`
    with ${registerDays(reading)},
    ${tenders(reading)},
    ${receipts(reading)}
    select days.store, days.business_day, registers.register, coalesce(reports.currency, days.currency) as currency,
      reports.orders as z_orders, reports.units as z_units, reports.net as z_net,
      coalesce(sales.orders, 0) as log_orders, coalesce(sales.units, 0) as log_units, coalesce(sales.net, 0) as log_net,
      case
        when reports.store is null and days.writes_journal and (days.store, days.business_day) not in (
          select store, business_day from reports) then 'awaiting journal'
        when reports.store is null then 'missing'
        when reports.orders = coalesce(sales.orders, 0) and reports.units = coalesce(sales.units, 0)
          and reports.net = coalesce(sales.net, 0) and not coalesce(tenders.differ, false) then 'complete'
        else 'different'
      end as state,
      tenders.told as tenders, reports.opening_float, reports.counted_cash, cash.amount as log_cash,
      reports.first_receipt, reports.last_receipt, receipts.missing as missing_receipts
    from days
    join registers on registers.store = days.store and registers.business_day = days.business_day
    left join reports on reports.store = days.store and reports.business_day = days.business_day
      and reports.register = registers.register
    left join sales on sales.store = days.store and sales.business_day = days.business_day
      and sales.register = registers.register and sales.currency = coalesce(reports.currency, days.currency)
    left join tenders on tenders.store = days.store and tenders.business_day = days.business_day
      and tenders.register = registers.register
    left join payments cash on reports.counted_cash is not null and cash.store = days.store
      and cash.business_day = days.business_day and cash.register = registers.register
      and cash.currency = reports.currency and cash.tender = 'cash'
    left join receipts on receipts.store = days.store and receipts.business_day = days.business_day
      and receipts.register = registers.register`,
}

/** The days, their Z reports, what the log holds of each register, and which registers are expected to report. */
function registerDays({ sql, days, isRead, isReadOnAnyDay }: SetReading): Fragment {
  return sql`
    days as materialized (
      select day.store, day.business_day, s.currency, s.tax_inclusive, s.input = 'journal' as writes_journal,
        awaited.awaits_journal,
        -- whether its registers are expected to report, those that do as a rule (domain/expectations.ts says the same)
        coalesce(known.trades, awaited.awaits_journal or coalesce(h.documents, 0) > 0 or exists (
          select from batch.till_head t
          where t.store = day.store and (day.business_day - t.business_day) % 7 = 0
            and t.business_day between day.business_day - ${7 * WEEKDAY_HABIT_WEEKS}::integer and day.business_day - 7)) as expects_reports
      from ${days()}
      join ref.store_validity s on s.store = day.store and day.business_day >= s.valid_from
        and day.business_day < s.valid_to
      cross join lateral (
        select ref.trades_on(s.opening_days, s.opened, s.closed, day.business_day) as trades
      ) known
      left join batch.day_head h on h.store = day.store and h.business_day = day.business_day
      cross join lateral (
        select s.input = 'journal' and coalesce(h.bulk_events, 0) = 0
          and coalesce(batch.expects_journal(day.store, day.business_day, known.trades, s.opened), false)
          as awaits_journal
      ) awaited
    ),
    reports as (
      select distinct on (e.store, days.business_day, e.register) e.store, days.business_day, e.register, e.currency,
        (e.details ->> 'zOrders')::bigint as orders, (e.details ->> 'zUnits')::bigint as units,
        (e.details ->> 'zNet')::bigint as net, e.details -> 'zTenders' as tenders,
        (e.details ->> 'zOpeningFloat')::bigint as opening_float, (e.details ->> 'zCountedCash')::bigint as counted_cash,
        e.details ->> 'zFirstReceipt' as first_receipt, e.details ->> 'zLastReceipt' as last_receipt
      from log.event_log e
      join days on days.store = e.store and days.business_day = (e.details ->> 'zBusinessDay')::date
      where ${isReadOnAnyDay()} and e.type = 'till.closed'
      order by e.store, days.business_day, e.register, e.event_time desc, e."offset" desc
    ),
    documents as materialized (
      select e.store, e.business_day, e.register, e.currency, e.order_id, e.tender, e.details -> 'tenders' as split,
        e.orders, e.return_documents, e.units, e.net, e.tax, e.charges
      from log.sales e
      where ${isRead()} and e.register is not null
    ),
    sales as (
      select store, business_day, register, currency, batch.exact_sum(orders) as orders,
        batch.exact_sum(units) as units, batch.exact_sum(net) as net
      from documents
      group by 1, 2, 3, 4
    ),
    -- registers that report as a rule
    habits as (
      select distinct days.store, days.business_day, t.register
      from days
      join batch.till_head t on t.store = days.store
        and t.business_day between days.business_day - ${REGISTER_HABIT_DAYS}::integer and days.business_day
        and (days.expects_reports or t.business_day = days.business_day)
    ),
    registers as (
      select store, business_day, register from habits
      union
      select store, business_day, register from sales
      where (store, business_day) in (select store, business_day from habits)
      union
      select store, business_day, '' from days
      where awaits_journal and (store, business_day) not in (select store, business_day from habits)
    )`
}

/** What each register took in by means of payment, and that beside what its till told of it. */
function tenders({ sql }: SetReading): Fragment {
  return sql`
    payments as (
      select store, business_day, register, currency, tender, batch.exact_sum(amount) as amount
      from (
        select d.store, d.business_day, d.register, d.currency, d.tender,
          d.net + d.charges + case when days.tax_inclusive then 0 else d.tax end as amount
        from documents d
        join days on days.store = d.store and days.business_day = d.business_day
        where d.split is null
        union all
        select d.store, d.business_day, d.register, d.currency, part.type,
          (d.orders - d.return_documents) * part.amount
        from documents d
        cross join lateral jsonb_to_recordset(d.split) as part(type text, amount bigint)
        where d.tender is null
      ) payment
      group by 1, 2, 3, 4, 5
    ),
    beside as (
      select r.store, r.business_day, r.register, told.type as tender, told.amount as z, 0 as log
      from reports r
      cross join lateral jsonb_to_recordset(r.tenders) as told(type text, amount bigint)
      union all
      select r.store, r.business_day, r.register, p.tender, 0, p.amount
      from payments p
      join reports r on r.store = p.store and r.business_day = p.business_day and r.register = p.register
        and r.currency = p.currency
      where r.tenders is not null
    ),
    tenders as (
      select store, business_day, register, not has_unnamed and bool_or(z <> log) as differ,
        jsonb_agg(jsonb_build_object('tender', tender, 'z', z, 'log', case when not has_unnamed then log end)
          order by tender collate "C") as told
      from (
        select store, business_day, register, tender, sum(z)::bigint as z, sum(log)::bigint as log,
          bool_or(tender is null) over (partition by store, business_day, register) as has_unnamed
        from beside
        group by 1, 2, 3, 4
      ) told
      where tender is not null
      group by store, business_day, register, has_unnamed
    )`
}

/** Numbers between the first and the last receipt of a till that no document of its day bears. */
function receipts({ sql }: SetReading): Fragment {
  return sql`
    numbered as (
      select distinct d.store, d.business_day, d.register, substring(d.order_id from '[0-9]{1,15}$')::bigint as number
      from documents d
      where (d.store, d.business_day, d.register) in (
        select store, business_day, register from reports where first_receipt is not null)
    ),
    receipts as (
      select r.store, r.business_day, r.register,
        coalesce(array_agg(printed order by printed) filter (where n.number is null), '{}') as missing
      from reports r
      cross join lateral (
        select substring(r.first_receipt from '[0-9]{1,15}$')::bigint as first,
          substring(r.last_receipt from '[0-9]{1,15}$')::bigint as last
      ) span
      cross join lateral generate_series(span.first, span.last) printed
      left join numbered n on n.store = r.store and n.business_day = r.business_day and n.register = r.register
        and n.number = printed
      where span.last - span.first between 0 and ${MOST_RECEIPTS}
      group by 1, 2, 3
    )`
}
