import type { Fragment, Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { inStores } from '#server/serving/scope.ts'
import type { AuditScope } from './findings.ts'

/** Nothing is appended before it happened (two minutes aside), and no day begins more than a day before its date. */
export function readFrom({ from }: AuditScope): string {
  return `${addDays(from, -2)}T00:00:00Z`
}

/** Days that are worked out around one that is told: a till that reported is expected to for a week. */
const DAYS_BEFORE = 3
const DAYS_AFTER = 9

/**
 * Common table expressions, the last `calendar`: the spans of the stores' business days around the scope, by the UTC
 * days they touch, with what holds on that day by the rows of ref.store_versions and ref.zone_offsets. A day begins
 * when the clocks of its version first show its cut-over; where they skip that, when they would have, had nobody set
 * them forward. Only days around events and reported days are worked out: a wide range costs what the log holds.
 */
export function calendarOf(reading: Reading, scope: AuditScope): Fragment {
  return reading`
    told_days as materialized (
      select distinct e.store, told.day
      from log.event_log e
      cross join lateral (
        values ((e.event_time at time zone 'UTC')::date), (case when e.type = 'till.closed'
          and pg_input_is_valid(e.details ->> 'zBusinessDay', 'date') then (e.details ->> 'zBusinessDay')::date end)
      ) told(day)
      where e.type <> 'tick' and e.appended_at >= ${readFrom(scope)} ${inStores(reading, scope, 'e.store')}
        and told.day between ${addDays(scope.from, -DAYS_AFTER)}::date and ${addDays(scope.to, DAYS_BEFORE)}::date
    ),
    wanted_days as (
      select distinct store, day + around as business_day
      from told_days cross join generate_series(${-DAYS_BEFORE}::integer, ${DAYS_AFTER}::integer) around
    ),
    clock_days as (
      select s.store, s.partition, day::date as business_day, held.tax_inclusive, held.zone,
        day + make_interval(hours => held.cut_over_hour) as wall
      from ref.stores s
      join wanted_days d on d.store = s.store
      cross join lateral (select d.business_day::timestamp) as one(day)
      cross join lateral (
        select v.zone, v.cut_over_hour, v.tax_inclusive from ref.store_versions v
        where v.store = s.store
        order by v.valid_from <= day::date desc, abs(v.valid_from - day::date)
        limit 1
      ) held
      where true ${inStores(reading, scope, 's.store')}
    ),
    clock_beginnings as (
      select d.*, coalesce(shown.at, skipped.at) as begins_at
      from clock_days d
      left join lateral (
        select min(clock.at) as at
        from ref.zone_offsets o
        cross join lateral (select (d.wall - make_interval(secs => o.offset_seconds)) at time zone 'UTC' as at) clock
        where o.zone = d.zone and o.local_ends_at > d.wall - interval '2 days' and clock.at >= o.starts_at
          and clock.at < o.ends_at
      ) shown on true
      left join lateral (
        select min(clock.at) as at
        from ref.zone_offsets o
        cross join lateral (select (d.wall - make_interval(secs => o.offset_before)) at time zone 'UTC' as at) clock
        where o.zone = d.zone and o.local_ends_at > d.wall and o.offset_seconds > o.offset_before
          and clock.at >= o.starts_at
          and clock.at < o.starts_at + make_interval(secs => o.offset_seconds - o.offset_before)
      ) skipped on shown.at is null
    ),
    clock_spans as (
      select store, partition, tax_inclusive, business_day, begins_at,
        case when lead(business_day) over days = business_day + 1 then lead(begins_at) over days end as ends_at
      from clock_beginnings
      window days as (partition by store order by business_day)
    ),
    calendar as materialized (
      select s.*, touched::date as utc_day
      from clock_spans s
      cross join generate_series(date_trunc('day', begins_at at time zone 'UTC'), ends_at at time zone 'UTC', '1 day') touched
      where ends_at is not null
    )`
}
