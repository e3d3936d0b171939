import type { Reading } from '#db/transaction.ts'
import { addDays, type BusinessDay, dayCount, type Grain, lastDayOf, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { RunOfPeriod } from './basis.ts'
import { type DayRange, periodsIn } from './periods.ts'
import type { CoveredStoreDay, StoreDay } from './settlement.ts'

/*
 * Invariant: a day, week or month that goes on is held against as much of the one before as has passed of it, store by
 * store: its whole days against whole days, the running day against the like day up to the same time on the store's own
 * clocks. A running day beside a whole one would be a loss every morning.
 *
 *   now      │ 27 whole days │ today so far, as of its run │ (days to come)
 *   before   │ 27 whole days │ up to the like moment       │  left out
 */

/** What of a range is read. */
export interface Span extends DayRange {
  /** By store, the last day that is read whole; null: of all stores all days. */
  through: ReadonlyMap<string, BusinessDay> | null
  /** By store, the day that is read up to a moment. */
  like: ReadonlyMap<string, BusinessDay>
  /** Those of them that have any events: they are read from the log. */
  partial: readonly PartialDay[]
}

export interface PartialDay {
  store: string
  partition: number
  businessDay: BusinessDay
  /** Events before it count. */
  before: Instant
  /** The log as the run of the day has read it, and between which moments the day was appended. */
  through: number
  firstAppendedAt: Instant
  lastAppendedAt: Instant
}

/** A range all of which is read as it stands. */
export function wholeSpan(range: DayRange): Span {
  return { ...range, through: null, like: new Map(), partial: [] }
}

/**
 * The day that a day of a range is held against.
 * @param compared has as many periods as the range
 */
export function counterpartOf(
  day: BusinessDay,
  { range, compared, grain }: { range: DayRange; compared: DayRange; grain: Grain },
): BusinessDay {
  if (grain !== 'month') return addDays(day, -dayCount(compared.from, range.from))
  const months = periodsIn(range, 'month')
  const month = periodsIn(compared, 'month')[months.indexOf(periodOf('month', day))] ?? compared.from
  // The last of a month beside the last: whole months are whole, however many days they have.
  if (day === lastDayOf('month', day.slice(0, 8).concat('01'))) return lastDayOf('month', month)
  const like = `${month.slice(0, 8)}${day.slice(8)}`
  return like < lastDayOf('month', month) ? like : lastDayOf('month', month)
}

/**
 * As much of the compared range as has passed of the range itself.
 * @param takesOpenDay whether figures hold the running day as it goes on
 */
export async function readComparedSpan(
  reading: Reading,
  question: {
    range: DayRange
    compared: DayRange
    grain: Grain
    days: readonly CoveredStoreDay[]
    runs: readonly RunOfPeriod[]
    takesOpenDay: boolean
    now: Instant
  },
): Promise<Span> {
  const { compared, days, runs, takesOpenDay, now } = question
  const open = days.filter(({ isOver }) => !isOver)
  if (open.length === 0) return wholeSpan(compared)
  const through = new Map<string, BusinessDay>()
  for (const { store, businessDay } of open) {
    const passed = addDays(businessDay, -1)
    const isNone = passed < question.range.from
    through.set(store, isNone ? addDays(compared.from, -1) : counterpartOf(passed, question))
  }
  const running = open
    .filter(day => isRunningDayTold(day, { takesOpenDay }))
    .map(day => ({ ...day, like: counterpartOf(day.businessDay, question), asOf: asOf(day, runs, now) }))
  const like = new Map(running.map(day => [day.store, day.like]))
  const partial = running.length === 0 ? [] : await readPartialDays(reading, running)
  return { ...compared, through, like, partial }
}

/**
 * Whether figures tell of a running day. Of who sends a file at close they do not before a part of it has come, and so
 * neither of what it is like. A week or month has it in once somebody has asked for that by hand.
 */
export function isRunningDayTold(
  { hasBegun, sendsAtClose, toldUntil, covered }: CoveredStoreDay,
  { takesOpenDay }: { takesOpenDay: boolean },
): boolean {
  if (sendsAtClose) return hasBegun && toldUntil !== null && covered
  return hasBegun && (takesOpenDay || covered)
}

/**
 * Up to when figures of a running day tell of it: its run, or now where nothing has happened yet; of who sends files, the
 * newest sale in them.
 */
function asOf(day: StoreDay, runs: readonly RunOfPeriod[], now: Instant): Instant {
  const run = runs.find(
    ({ store, period, days }) =>
      store === day.store && (days ? days.includes(day.businessDay) : period === day.businessDay),
  )
  // Exclusive, as moments are.
  if (day.toldUntil !== null) return day.toldUntil + 1
  return day.hasEvents ? (run?.computedAt ?? now) : now
}

async function readPartialDays(
  reading: Reading,
  days: readonly { store: string; businessDay: BusinessDay; like: BusinessDay; asOf: Instant }[],
): Promise<PartialDay[]> {
  const likes = days.map(({ like }) => like).sort()
  return reading<PartialDay[]>`
    with running as (
      select * from unnest(
        ${days.map(({ store }) => store)}::text[], ${days.map(({ businessDay }) => businessDay)}::date[],
        ${days.map(({ like }) => like)}::date[],
        ${days.map(day => new Date(day.asOf).toISOString())}::timestamptz[]
      ) as running(store, day, like_day, as_of)
    ),
    clocks as (
      -- What the store's clocks show at that moment, moved to the like day.
      select r.store, r.like_day,
        r.as_of at time zone 'UTC' + make_interval(secs => o.offset_seconds) - make_interval(days => r.day - r.like_day)
          as local
      from running r
      join ref.store_validity v on v.store = r.store and r.day >= v.valid_from and r.day < v.valid_to
      join ref.zone_offsets o on o.zone = v.zone and o.starts_at <= r.as_of and o.ends_at > r.as_of
    )
    select d.store, d.partition, d.business_day as "businessDay",
      least(d.ends_at, greatest(d.starts_at, ref.instant_of_local(d.zone, c.local))) as before,
      run.through_offset as through, h.first_appended_at as "firstAppendedAt", h.last_appended_at as "lastAppendedAt"
    from clocks c
    join ref.store_days(${days.map(({ store }) => store)}::text[], ${likes[0] ?? null}::date, ${likes.at(-1) ?? null}::date) d
      on d.store = c.store and d.business_day = c.like_day
    join batch.current_runs run on run.job = 'daily_sales' and run.store = d.store and run.period = d.business_day
    join batch.day_head h on h.store = d.store and h.business_day = d.business_day`
}

/** Whether a store-day of the compared range is held against one of the range. */
export function isInSpan({ through, like }: Span, { store, businessDay }: StoreDay): boolean {
  const last = through?.get(store)
  return last === undefined || businessDay <= last || businessDay === like.get(store)
}

/** Condition on the days of a table that a span reads whole. */
export function inSpan(reading: Reading, { from, to, through }: Span, alias: string) {
  const day = reading(`${alias}.business_day`)
  if (through === null) return reading`${day} between ${from} and ${to}`
  // Stores whose range is over are not bounded.
  return reading`${day} between ${from} and ${to} and not exists (
    select from unnest(${[...through.keys()]}::text[], ${[...through.values()]}::date[]) as bound(store, last_day)
    where bound.store = ${reading(`${alias}.store`)} and ${day} > bound.last_day)`
}

/** FROM item `day` of the days that are read up to a moment, and the condition on `log.event_log` or a view of it. */
export function partialDays(reading: Reading, { partial }: Span) {
  const moments = (of: (day: PartialDay) => Instant) => partial.map(day => new Date(of(day)).toISOString())
  const appended = partial.map(({ firstAppendedAt }) => firstAppendedAt)
  const lastAppended = partial.map(({ lastAppendedAt }) => lastAppendedAt)
  return {
    days: reading`unnest(
      ${partial.map(({ store }) => store)}::text[], ${partial.map(({ partition }) => partition)}::integer[],
      ${partial.map(({ businessDay }) => businessDay)}::date[], ${moments(({ before }) => before)}::timestamptz[],
      ${partial.map(({ through }) => through)}::bigint[]
    ) as day(store, partition, business_day, before, through)`,
    isRead: reading`e.store = day.store and e.partition = day.partition and e.business_day = day.business_day
      and e.event_time < day.before and e."offset" <= day.through
      and e.appended_at >= ${new Date(Math.min(...appended)).toISOString()}::timestamptz
      and e.appended_at < ${new Date(Math.max(...lastAppended) + 1).toISOString()}::timestamptz`,
  }
}
