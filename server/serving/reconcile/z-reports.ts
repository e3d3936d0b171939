import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import { isCounted, MAX_FOUND } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'
import { calendarOf, readFrom } from './store-calendar.ts'

/*
 * Invariant: what a till says it sold on a business day is what the log holds of it. No other witness sees an event
 * that never reached the log.
 *
 *   different   a day that is over, also in the log, of a register that has reported it: orders, units, net, and each means of payment
 *               where the till tells them and every document names its own
 *   missing     a register that reports as a rule (the job completeness says which) and has not reported a day that was
 *               published, or that ended six hours ago; of a journal store once its journal is awaited no longer
 *
 * Not found here: registers that never report, stores without tills, and journals that have not come: the log is not
 * complete yet, which Completeness shows.
 */

/** A day is published this long after its end at the latest. */
const CLOSED_AFTER_HOURS = 6

/** What has not come by then is awaited no longer. */
const AWAITED_DAYS = 29

type ZRow = Pick<FoundRow, 'rowKey' | 'metric' | 'stored' | 'expected' | 'detail'>

/** The tills' own totals against the log, and the Z reports that are missing: worked out from the log itself. */
export async function findZReports(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<ZRow[]>`
    with ${calendarOf(reading, scope)},
    days as (
      select distinct store, business_day, tax_inclusive, ends_at from calendar
      where business_day between ${scope.from} and ${scope.to} and ends_at <= now()
        -- a history that was cut off in the middle of a day is not the fault of its tills
        and ends_at <= (
          select max(newest.appended_at) from log.partitions p
          cross join lateral (
            select e.appended_at from log.event_log e where e.partition = p.partition
            order by e.appended_at desc limit 1
          ) newest)
    ),
    z as (
      select distinct on (e.store, d.business_day, e.register) e.store, d.business_day, e.register, e.currency,
        d.tax_inclusive, e.details
      from log.event_log e
      join days d on d.store = e.store and d.business_day::text = e.details ->> 'zBusinessDay'
      where e.type = 'till.closed' and e.appended_at >= ${readFrom(scope)} ${inStores(reading, scope, 'e.store')}
        and ${isCounted(reading, 'batch')}
      order by e.store, d.business_day, e.register, e.event_time desc, e."offset" desc
    ),
    documents as (
      select z.store, z.business_day, z.register, z.tax_inclusive, e.tender, e.details, e.total_units, e.total_tax,
        case e.type when 'order.placed' then 1 else -1 end as direction, e.type = 'order.returned' as is_return,
        e.total_gross - e.total_discounts + e.total_returns as goods
      from z
      join log.event_log e on e.store = z.store and e.business_day = z.business_day and e.register = z.register
        and e.currency = z.currency
      where e.type in ('order.placed', 'order.voided', 'order.returned') and e.appended_at >= ${readFrom(scope)}
        and e.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'e.store')}
        and ${isCounted(reading, 'batch')}
    ),
    totals as (
      select store, business_day, register, sum(direction) filter (where not is_return) as orders,
        sum(direction * total_units) filter (where not is_return) as units, sum(direction * goods) as net,
        count(*) filter (where tender is null and (details -> 'tenders') is null) as unnamed
      from documents group by 1, 2, 3
    ),
    payments as (
      select store, business_day, register, tender, sum(amount) as amount
      from (
        select d.store, d.business_day, d.register, d.tender,
          d.direction * (d.goods + case when d.tax_inclusive then 0 else d.total_tax end + coalesce((
            select sum(charged.amount) from jsonb_to_recordset(d.details -> 'charges') as charged(amount bigint)), 0)) as amount
        from documents d where d.tender is not null
        union all
        select d.store, d.business_day, d.register, part.type, d.direction * part.amount
        from documents d
        cross join lateral jsonb_to_recordset(d.details -> 'tenders') as part(type text, amount bigint)
        where d.tender is null
      ) paid
      group by 1, 2, 3, 4
    ),
    told as (
      select z.store, z.business_day, z.register, part.type as tender, sum(part.amount) as amount
      from z
      cross join lateral jsonb_to_recordset(z.details -> 'zTenders') as part(type text, amount bigint)
      group by 1, 2, 3, 4
    ),
    figures as (
      select z.store, z.business_day, z.register, figure.metric, figure.held, figure.told
      from z
      left join totals t on t.store = z.store and t.business_day = z.business_day and t.register = z.register
      cross join lateral (values
        ('orders', coalesce(t.orders, 0)::numeric, (z.details ->> 'zOrders')::numeric),
        ('units', coalesce(t.units, 0)::numeric, (z.details ->> 'zUnits')::numeric),
        ('net', coalesce(t.net, 0) * 0.0001, (z.details ->> 'zNet')::numeric * 0.0001)
      ) figure(metric, held, told)
      union all
      select z.store, z.business_day, z.register, 'tender ' || known.tender, coalesce(p.amount, 0) * 0.0001,
        coalesce(told.amount, 0) * 0.0001
      from z
      left join totals t on t.store = z.store and t.business_day = z.business_day and t.register = z.register
      join (
        select store, business_day, register, tender from told
        union select store, business_day, register, tender from payments
      ) known on known.store = z.store and known.business_day = z.business_day and known.register = z.register
      left join payments p on p.store = z.store and p.business_day = z.business_day and p.register = z.register
        and p.tender = known.tender
      left join told on told.store = z.store and told.business_day = z.business_day and told.register = z.register
        and told.tender = known.tender
      where z.details ? 'zTenders' and coalesce(t.unnamed, 0) = 0
    )
    select jsonb_build_object('store', store, 'business_day', business_day, 'register', register) as "rowKey",
      metric, held::text as stored, told::text as expected,
      'the till says ' || metric || ' ' || told || ', the log holds ' || held as detail
    from figures where held <> told
    union all
    select jsonb_build_object('store', c.store, 'business_day', c.business_day, 'register', c.register), 'row', null, '1',
      'the day has closed and the register has not reported it'
    from batch.completeness c
    join days d on d.store = c.store and d.business_day = c.business_day
    where (c.state = 'missing' or c.state = 'awaiting journal' and c.register <> ''
        and c.business_day < current_date - ${AWAITED_DAYS}::integer)
      and (d.ends_at <= now() - make_interval(hours => ${CLOSED_AFTER_HOURS}) or exists (
        select from batch.closed_days closed where closed.store = c.store and closed.business_day = c.business_day))
      and not exists (
        select from z where z.store = c.store and z.business_day = c.business_day and z.register = c.register)
    order by 1, 2
    limit ${MAX_FOUND}`
  return rows.map(row => ({ kind: 'z report', path: 'log', relation: 'reports.completeness', ...row }))
}
