import { REGISTER_HABIT_DAYS } from '#domain/expectations.ts'
import type { ReportDefinition } from './report.ts'

/**
 * The log against the tills' own totals (Z reports), per register: the only check that the log itself misses
 * nothing. A register that has reported within a week is expected to report; of several reports of a day the
 * last stands. Stores whose tills never report have nothing to compare, and no rows. A journal ends with the Z
 * reports: a journal store without any of the day awaits its journal, or the rest of it, under its registers; one
 * whose tills never report awaits it while nothing has come, under ''.
 */
export const completeness: ReportDefinition = {
  version: '3',
  figures: ({ sql, days, isRead, isReadOnAnyDay }) => sql`
    with days as materialized (
      select day.store, day.business_day, s.currency, s.input = 'journal' as writes_journal, coalesce(h.bulk_events, 0) = 0 as has_no_journal,
        ref.trades_on(s.opening_days, s.opened, s.closed, day.business_day) is distinct from false as may_trade
      from ${days()}
      join ref.store_validity s on s.store = day.store and day.business_day >= s.valid_from
        and day.business_day < s.valid_to
      left join batch.day_head h on h.store = day.store and h.business_day = day.business_day
    ),
    reports as (
      select distinct on (e.store, days.business_day, e.register) e.store, days.business_day, e.register, e.currency,
        (e.details ->> 'zOrders')::bigint as orders, (e.details ->> 'zNet')::bigint as net
      from log.event_log e
      join days on days.store = e.store and days.business_day = (e.details ->> 'zBusinessDay')::date
      where ${isReadOnAnyDay()} and e.type = 'till.closed'
      order by e.store, days.business_day, e.register, e.event_time desc, e."offset" desc
    ),
    sales as (
      select e.store, e.business_day, e.register, e.currency,
        batch.exact_sum(e.orders) as orders, batch.exact_sum(e.net) as net
      from log.sales e
      where ${isRead()} and e.register is not null
      group by 1, 2, 3, 4
    ),
    -- registers that report as a rule
    habits as (
      select distinct days.store, days.business_day, t.register
      from days
      join batch.till_head t on t.store = days.store
        and t.business_day between days.business_day - ${REGISTER_HABIT_DAYS}::integer and days.business_day
        and (days.may_trade or t.business_day = days.business_day)
    ),
    registers as (
      select store, business_day, register from habits
      union
      select store, business_day, register from sales
      where (store, business_day) in (select store, business_day from habits)
      union
      select store, business_day, '' from days
      where writes_journal and has_no_journal and may_trade and (store, business_day) not in (select store, business_day from habits)
    )
    select days.store, days.business_day, registers.register, coalesce(reports.currency, days.currency) as currency,
      reports.orders as z_orders, reports.net as z_net,
      coalesce(sales.orders, 0) as log_orders, coalesce(sales.net, 0) as log_net,
      case
        when reports.store is null and days.writes_journal and (days.store, days.business_day) not in (
          select store, business_day from reports) then 'awaiting journal'
        when reports.store is null then 'missing'
        when reports.orders = coalesce(sales.orders, 0) and reports.net = coalesce(sales.net, 0) then 'complete'
        else 'different'
      end as state
    from days
    join registers on registers.store = days.store and registers.business_day = days.business_day
    left join reports on reports.store = days.store and reports.business_day = days.business_day
      and reports.register = registers.register
    left join sales on sales.store = days.store and sales.business_day = days.business_day
      and sales.register = registers.register and sales.currency = coalesce(reports.currency, days.currency)`,
}
