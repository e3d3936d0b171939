import { inStores } from '#server/serving/scope.ts'
import { isCounted, MAX_FOUND } from './audit-rows.ts'
import type { FindingSource } from './findings.ts'

interface Unpublished {
  job: string
  store: string
  period: string
  /** What its last attempt failed with; null: there was none since it is due. */
  error: string | null
}

/**
 * Reports of the range that should be there and are not: their last attempt failed, or nobody has tried for two ticks.
 * What the planner says is due is believed; that it has looked at all is not: a day of the log that is over and has no
 * run is found in the log itself.
 */
export const unpublishedReports: FindingSource = async (reading, scope) => {
  const rows = await reading<Unpublished[]>`
    with patience as (
      -- a schedule that lives may take two of its ticks; without one nobody will come
      select coalesce((
        select clock_timestamp() - (tick_overdue_at - tick_succeeded_at) from batch.heartbeat
        where beat_at > clock_timestamp() - interval '1 minute'
      ), clock_timestamp()) as due_before
    ),
    planned as (
      select o.job, o.store, o.period, case when last.state in ('failed', 'abandoned') then last.error end as error,
        o.judged_at
      from batch.open_slots o
      left join lateral (
        select r.run_id, r.state, r.error from batch.runs r
        where r.job = o.job and r.store = o.store and r.period = o.period and r.run_id > coalesce(o.run_id, 0)
        order by r.run_id desc limit 1
      ) last on true
      where o.state = 'due' and o.period between date_trunc('month', ${scope.from}::date)::date and ${scope.to}
        -- a verdict is past once another run than it knew of stands
        and not exists (
          select from batch.current_runs c
          where c.job = o.job and c.store = o.store and c.period = o.period and c.run_id is distinct from o.run_id)
    ),
    unseen as (
      select e.store, e.business_day, max(e.appended_at) as appended_at
      from log.event_log e
      where e.business_day between ${scope.from} and ${scope.to} and e.type <> 'tick'
        and ${isCounted(reading, 'batch')}
        ${inStores(reading, scope, 'e.store')}
      group by e.store, e.business_day
    )
    select distinct job, store, period, error from (
      select job, store, period, error from planned, patience where error is not null or judged_at < due_before
      union all
      select 'daily_sales', u.store, u.business_day, null
      from unseen u
      -- A wide range costs what the log holds, not the calendar.
      join ref.store_days((select array_agg(distinct store) from unseen), (select min(business_day) from unseen),
        (select max(business_day) from unseen)) d on d.store = u.store and d.business_day = u.business_day
      cross join patience
      where greatest(u.appended_at, d.ends_at) < due_before
        and not exists (
          select from batch.current_runs c
          where c.job = 'daily_sales' and c.store = u.store and c.period = u.business_day)
        and not exists (
          select from planned p where p.job = 'daily_sales' and p.store = u.store and p.period = u.business_day)
    ) unpublished
    where true ${inStores(reading, scope, 'store')}
    order by period, store, job limit ${MAX_FOUND}`
  return rows.map(({ job, store, period, error }) => ({
    kind: 'report not published',
    path: 'batch',
    relation: `batch.${job}`,
    rowKey: { store, business_day: period },
    metric: 'row',
    stored: null,
    expected: '1',
    detail:
      error === null
        ? `${job} of ${store}, ${period} is due and has not run: does the jobs process run? Or run it by hand: "npm run jobs -- run ${job} --from ${period} --to ${period}"`
        : `${job} of ${store}, ${period} failed: ${error}`,
  }))
}
