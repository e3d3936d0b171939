import type { Reading } from '#db/transaction.ts'
import { type BusinessDay, type Grain, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { Change } from './change.ts'
import type { DayRange } from './periods.ts'

/**
 * How settled store-days are. `open`: the day is not over. `awaiting-journal`: it is, and the store's journal has
 * not come. `unclosed`: over, not published yet. `incomplete`: published without all Z reports or journals, which
 * have not come since either.
 */
export type DayState = 'open' | 'awaiting-journal' | 'unclosed' | 'incomplete' | 'closed'

/** The store-days behind a row, by state. The least settled of them gives the row its own; null where there is none. */
export interface Settlement {
  state: DayState | null
  storeDays: number
  counts: Record<DayState, number>
  /** Closed days whose published figures changed afterwards. */
  restated: number
  /** Store-days that no run of the report has computed: what the figures leave out. */
  uncovered: number
}

/** A day of a store's calendar that has begun, whether or not anything happened. */
export interface StoreDay {
  store: string
  businessDay: BusinessDay
  /** Null: nothing is on file of it, and nothing is expected (any more). */
  state: DayState | null
  /** Whether the store had begun to send by then: before, nobody knows what it did. */
  hasBegun: boolean
  /** Whether the log holds anything of it. */
  hasEvents: boolean
  isOver: boolean
  /** Whether the store sends its day in a file at close: of a running day nothing can be expected. */
  sendsAtClose: boolean
  /** Of the running day of such a store, of which files have told already: their newest sale. Else null. */
  toldUntil: Instant | null
  restated: boolean
}

export type CoveredStoreDay = StoreDay & {
  /** Whether a run of the report has computed it. */
  covered: boolean
}

/** From the least settled to the most. */
const STATES: readonly DayState[] = ['open', 'awaiting-journal', 'unclosed', 'incomplete', 'closed']

/**
 * The store-days of a range that have begun, by the clock of the database, with how settled each is. Left out are days
 * on which a store was not there yet or no more, and stores that have never sent anything.
 * @param restatedBy figures of `daily_sales` that the report shows: that others have changed is none of its business
 * @param currency restatements of other currencies are not either; null for reports of all
 * @param isOfStock whether a store begins with the first day on which its stock is known
 */
export async function readStoreDays(
  reading: Reading,
  {
    range,
    stores,
    currency,
    restatedBy,
    isOfStock,
  }: {
    range: DayRange
    stores: readonly string[]
    currency: string | null
    restatedBy: readonly string[]
    isOfStock: boolean
  },
): Promise<StoreDay[]> {
  return reading<StoreDay[]>`
    with todays as (
      select store, business_day as today
      from ref.store_days(${[...stores]}::text[], (now() at time zone 'UTC')::date - 2, (now() at time zone 'UTC')::date + 2)
      where starts_at <= now() and now() < ends_at
    ),
    begun as (
      select t.*, (
        select min(h.business_day) from batch.day_head h
        where h.store = t.store ${isOfStock ? reading`and h.stock_anchors > 0` : reading``}
      ) as first_day
      from todays t
    ),
    store_days as (
      select t.store, t.today, t.first_day, day::date as business_day, v.input, v.opened, v.closed
      from begun t
      cross join lateral generate_series(
        ${range.from}::date::timestamp, least(${range.to}::date, t.today)::timestamp, interval '1 day') day
      join ref.store_validity v on v.store = t.store and day::date >= v.valid_from and day::date < v.valid_to
      where t.first_day is not null
    )
    select d.store, d.business_day as "businessDay", d.business_day >= d.first_day as "hasBegun",
      h.store is not null as "hasEvents", d.business_day < d.today as "isOver",
      d.input = 'journal' as "sendsAtClose", told.until as "toldUntil",
      case
        when d.business_day < d.first_day then null
        when d.business_day = d.today then 'open'
        -- What was missing when the day was published may have come since: then the report of Z reports says so.
        when c.incomplete and z.is_short is not false then 'incomplete'
        when c.store is not null then 'closed'
        when a.store is not null then 'awaiting-journal'
        when h.store is not null then 'unclosed'
      end as state,
      exists (
        select from batch.restatements r
        where r.business_day = d.business_day and r.store = d.store and r.currency = coalesce(${currency}, r.currency)
          and r.metric = any(${[...restatedBy]}::text[])
      ) as restated
    from store_days d
    left join batch.day_head h on h.store = d.store and h.business_day = d.business_day
    left join lateral (
      select max(e.event_time) as until from log.event_log e
      where d.business_day = d.today and d.input = 'journal' and not ${isOfStock}::boolean
        and e.store = d.store and e.business_day = d.business_day
        and e.partition = h.partition
        -- As far as the run has read: what came since is in no figure.
        and e."offset" <= (
          select r.through_offset from batch.current_runs r
          where r.job = 'daily_sales' and r.store = d.store and r.period = d.business_day
        )
        and e.appended_at between h.first_appended_at and h.last_appended_at
        and e.type in ('order.placed', 'order.voided', 'order.returned')
    ) told on true
    left join batch.closed_days c on c.store = d.store and c.business_day = d.business_day
    left join lateral (
      select bool_or(o.state in ('missing', 'awaiting journal')) as is_short
      from batch.completeness o where o.store = d.store and o.business_day = d.business_day
    ) z on true
    left join batch.awaited_journals(${[...stores]}::text[], ${range.from}, ${range.to}) a
      on a.store = d.store and a.business_day = d.business_day
    where (d.opened is null or d.business_day >= least(d.opened, d.first_day))
      and (d.closed is null or d.business_day <= d.closed or h.store is not null)`
}

/** Adds store-days up. Of none there is no verdict. */
export function settle(days: readonly CoveredStoreDay[]): Settlement {
  const counts = { open: 0, 'awaiting-journal': 0, unclosed: 0, incomplete: 0, closed: 0 }
  const judged = days.filter(({ state }) => state !== null)
  for (const { state } of judged) if (state !== null) counts[state] += 1
  return {
    state: STATES.find(state => counts[state] > 0) ?? null,
    storeDays: judged.length,
    counts,
    restated: judged.filter(({ restated }) => restated).length,
    uncovered: judged.filter(({ covered }) => !covered).length,
  }
}

/** The same by period, or by period and store. */
export function settleBy(
  days: readonly CoveredStoreDay[],
  { grain, byStore }: { grain: Grain; byStore: boolean },
): ReadonlyMap<string, Settlement> {
  const groups = Map.groupBy(days, day =>
    settlementKey(periodOf(grain, day.businessDay), byStore ? day.store : null),
  )
  return new Map([...groups].map(([key, own]) => [key, settle(own)]))
}

export function settlementKey(period: string, store: string | null): string {
  return store === null ? period : `${period} ${store}`
}

/** How much of what figures are of is on file, in store-days. */
export interface Coverage {
  onFile: number
  of: number
}

/** Of both sides of a comparison. */
export interface ComparedCoverage {
  now: Coverage
  before: Coverage
}

/**
 * Whether all of a store's day that has passed is known. On file is also a day on which a store that sends at once has
 * sent nothing; not so one whose journal has not come, one that no run has computed, and one before the store's first.
 */
export function isOnFile(day: CoveredStoreDay): boolean {
  const { state, hasBegun, hasEvents, sendsAtClose, toldUntil, covered } = day
  if (!hasBegun || state === 'awaiting-journal') return false
  if (state === 'open' && sendsAtClose && toldUntil === null) return false
  return covered || !hasEvents
}

export function coverageOf(days: readonly CoveredStoreDay[]): Coverage {
  return { onFile: days.filter(isOnFile).length, of: days.length }
}

/** Without a single store-day nothing is known either. */
export function isComplete({ onFile, of }: Coverage): boolean {
  return of > 0 && onFile === of
}

/** A change between two sums of which one is not whole would be a change of what is on file. */
export function ifComparable(coverage: ComparedCoverage | null, change: Change): Change {
  if (coverage && isComplete(coverage.now) && isComplete(coverage.before)) return change
  return { before: null, change: null, percent: null, isNew: false }
}
