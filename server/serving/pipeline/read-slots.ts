import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { ReportEntry } from '#domain/reports.ts'
import type { SlotFacts } from '#server/serving/pipeline/judge-slot.ts'

export type SlotRow = SlotFacts & { job: string; store: string; period: BusinessDay }

/**
 * The facts of every slot of these reports: by business day from `fromDay` on, weeks and months that end
 * after `fromPeriod`. What is expected follows from the planner's own view of the log (`batch.day_head`).
 */
export async function readSlots(
  reading: Reading,
  {
    reports,
    fromDay,
    fromPeriod,
    only,
  }: {
    reports: readonly ReportEntry[]
    fromDay: BusinessDay
    fromPeriod: BusinessDay
    /** One period, for the detail of a cell. */
    only?: BusinessDay | undefined
  },
): Promise<SlotRow[]> {
  return reading<SlotRow[]>`
    with jobs as (
      select rule.*,
        -- A report that was never computed on newer code than the newest run's is up to date in code.
        (select r.code_version from batch.runs r where r.job = rule.job order by r.run_id desc limit 1) as newest_code
      from unnest(
        ${reports.map(({ name }) => name)}::text[], ${reports.map(({ grain }) => grain)}::text[],
        ${reports.map(({ cadence }) => String(cadence === 'every-tick'))}::text[]::boolean[],
        ${reports.map(({ reads }) => String(reads.includes('events')))}::text[]::boolean[],
        ${reports.map(({ reads }) => String(reads.includes('till-reports')))}::text[]::boolean[]
      ) as rule(job, grain, runs_every_tick, reads_events, reads_tills)
    ),
    days as (
      select h.store, h.business_day, h.last_offset,
        (select max(t.last_offset) from batch.till_head t
          where t.store = h.store and t.business_day = h.business_day) as till_offset,
        clock_timestamp() >= ((h.business_day + 1) + make_interval(hours => s.cut_over_hour)) at time zone s.zone as has_ended
      from batch.day_head h
      join ref.stores s on s.store = h.store
      where h.business_day >= least(${fromDay}::date, ${fromPeriod}::date)
    ),
    expected as (
      select j.job, d.store, date_trunc(j.grain, d.business_day)::date as period,
        bool_or(j.runs_every_tick or d.has_ended) as is_due,
        -- A week or month takes in the days that have ended.
        max(greatest(
          case when j.reads_events then d.last_offset end, case when j.reads_tills then d.till_offset end
        )) filter (where j.grain = 'day' or d.has_ended) as needed
      from jobs j
      join days d on d.business_day >= case j.grain when 'day' then ${fromDay}::date else ${fromPeriod}::date end
      group by j.job, d.store, date_trunc(j.grain, d.business_day)::date
    ),
    current as (
      select c.* from jobs j
      join batch.current_runs c on c.job = j.job
        and c.period >= case j.grain when 'day' then ${fromDay}::date else date_trunc(j.grain, ${fromPeriod}::date)::date end
    )
    select job, store, period, coalesce(e.is_due, false) as "isDue", coalesce(e.needed, 0) as "neededOffset",
      c.run_id as "currentRunId", c.through_offset as "throughOffset",
      coalesce(c.code_version <> j.newest_code, false) or coalesce(changed.any, false) as "isSuperseded",
      last.run_id as "lastRunId", last.state as "lastState"
    from expected e
    full join current c using (job, store, period)
    join jobs j using (job)
    left join lateral (
      select r.run_id, r.state from batch.runs r
      where r.job = j.job and r.period = coalesce(e.period, c.period) and r.store = coalesce(e.store, c.store)
      order by r.run_id desc limit 1
    ) last on true
    left join lateral (
      select true as any
      from jsonb_each(c.inputs) input(report, periods)
      cross join lateral jsonb_each_text(input.periods) was(period, checksum)
      join batch.current_runs now on now.job = input.report and now.store = c.store
        and now.period = nullif(was.period, '')::date
      where now.checksum <> was.checksum
        -- A day that goes on, asked for by hand: the schedule takes the week or month up once that has ended.
        and (j.grain = 'day' or not exists (
          select from days d where d.store = now.store and d.business_day = now.period and not d.has_ended))
      limit 1
    ) changed on true
    where ${only === undefined ? reading`true` : reading`period = ${only}`}
    order by job, period, store`
}
