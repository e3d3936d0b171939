import type { Fragment, Transaction } from '#db/transaction.ts'
import { addDays, type BusinessDay, lastDayOf, periodOf } from '#domain/calendar.ts'
import { WEEKDAY_HABIT_WEEKS } from '#domain/expectations.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import type { ReportRule } from './facts.ts'

/** A week that begins in a month may end in the next, and the other way round. */
export const WEEK_REACH_DAYS = 6

export interface StoreMonth {
  store: string
  month: BusinessDay
}

/** The months of stores in which something may have to run. Answers too many rather than too few. */
export async function findOpenMonths(
  reading: Transaction,
  rules: readonly ReportRule[],
): Promise<StoreMonth[]> {
  const inputs = rules
    .filter(rule => !rule.isChained)
    .flatMap(rule => rule.inputs.map(input => ({ job: rule.name, grain: rule.grain, input })))
  const readingTills = rules.filter(rule => rule.reads.includes('till-reports')).map(rule => rule.name)
  const chained = rules.filter(rule => rule.isChained).map(rule => rule.name)
  const ofStock = rules.filter(rule => rule.days === 'carried').map(rule => rule.name)
  const usingCategories = rules.filter(rule => rule.references.includes('categories')).map(rule => rule.name)
  const rows = await reading<StoreMonth[]>`
    with rules as (
      select * from unnest(
        ${rules.map(rule => rule.name)}::text[], ${rules.map(rule => rule.version)}::text[],
        ${rules.map(rule => rule.grain)}::text[]
      ) as rule(job, version, grain)
    ),
    inputs as (
      select * from unnest(
        ${inputs.map(edge => edge.job)}::text[], ${inputs.map(edge => edge.grain)}::text[],
        ${inputs.map(edge => edge.input)}::text[]
      ) as edge(job, grain, input)
    ),
    known_stock as (
      select store, min(business_day) as first_day from batch.day_head where stock_anchors > 0 group by store
    ),
    heads as (
      select h.store, h.business_day, h.last_offset, false as is_till, coalesce(h.business_day >= k.first_day, false) as has_stock
      from batch.day_head h left join known_stock k on k.store = h.store
      union all
      select store, business_day, max(last_offset), true, false from batch.till_head group by store, business_day
    ),
    open_days as (
      -- never ran, ran on other code, or has not read everything
      select h.store, h.business_day as day
      from heads h
      join rules r on (not h.is_till or r.job = any(${readingTills})) and (h.has_stock or r.job <> all(${ofStock}))
      left join batch.current_runs c
        on c.job = r.job and c.store = h.store and c.period = date_trunc(r.grain, h.business_day)::date
      where c.run_id is null or c.code_version <> r.version or c.rules_version <> ${RULES_VERSION}
        or c.through_offset < h.last_offset
      union all
      -- a register, or a weekday, that is found to report changes what the days after are expected to have
      select store, day from (
        select store, day, through_offset, max(last_offset) over (
          partition by store order by day range between interval '${reading.unsafe(String(7 * WEEKDAY_HABIT_WEEKS))} days' preceding
            and interval '1 day' preceding) as newest
        from (
          select store, business_day as day, last_offset, null::bigint as through_offset from batch.till_head
          union all
          select store, period, null, through_offset from batch.current_runs where job = any(${readingTills})
        ) reported
      ) habit
      where through_offset < newest
      union all
      select h.store, h.business_day from batch.day_head h
      where not exists (
        select from batch.closed_days d where d.store = h.store and d.business_day = h.business_day)
      union all
      -- computed without, or from another state of, a report it is computed from
      select u.store, u.period
      from batch.current_runs u
      join inputs i on i.input = u.job
      left join batch.current_runs c
        on c.job = i.job and c.store = u.store and c.period = date_trunc(i.grain, u.period)::date
      where c.inputs -> u.job ->> u.period::text is distinct from u.checksum
      union all
      select c.store, c.period
      from batch.current_runs c
      cross join lateral jsonb_each_text(c.inputs -> c.job) previous(day, checksum)
      left join batch.current_runs u on u.job = c.job and u.store = c.store and u.period = previous.day::date
      where c.job = any(${chained}) and u.checksum is distinct from previous.checksum
      union all
      select c.store, c.period
      from batch.current_runs c
      where c.job = any(${usingCategories})
        and c.inputs -> 'categories' ->> '' is distinct from ${categoriesFingerprint(reading)}
      union all
      select store, business_day from batch.rate_changes
      union all
      select store, period from batch.store_changes
      union all
      -- a journal that does not come leaves no trace: look at the weeks after the last one, and where opening days
      -- are known until today
      select s.store, unnest(array[last.day, last.day + 28, case when s.opening_days is not null then current_date end])
      from ref.current_stores s
      cross join lateral (select max(h.business_day) as day from batch.day_head h where h.store = s.store) last
      where s.input = 'journal' and last.day is not null
    )
    select distinct store, date_trunc('month', day)::date as month from open_days where day is not null`
  return [...rows]
}

export async function findMonthsInRange(
  reading: Transaction,
  range: { from: BusinessDay; to: BusinessDay },
): Promise<StoreMonth[]> {
  // A week or month that the range touches may have its only days outside the range.
  const from = addDays(periodOf('month', range.from), -WEEK_REACH_DAYS)
  const to = addDays(lastDayOf('month', range.to), WEEK_REACH_DAYS)
  const rows = await reading<StoreMonth[]>`
    select distinct store, date_trunc('month', business_day)::date as month from batch.day_head
    where business_day between ${from} and ${to}`
  return [...rows]
}

/** A text that changes when a product changes its category. */
export function categoriesFingerprint(sql: Transaction): Fragment {
  return sql`(
    select md5(coalesce(string_agg(md5(sku) || md5(category), '' order by sku collate "C"), ''))
    from ref.products where category is not null)`
}
