import type { Reading } from '#db/transaction.ts'
import { type Grain, periodOf } from '#domain/calendar.ts'
import type { DayRange } from './periods.ts'

/**
 * How settled store-days are. `open`: the day is not over. `awaiting-journal`: it is, and the store's journal has
 * not come. `unclosed`: over, not published yet. `incomplete`: published without all Z reports or journals.
 */
export type DayState = 'open' | 'awaiting-journal' | 'unclosed' | 'incomplete' | 'closed'

/** The store-days behind a row, by state. The least settled of them gives the row its own. */
export interface Settlement {
  state: DayState
  storeDays: number
  counts: Record<DayState, number>
  /** Closed days whose published figures changed afterwards. */
  restated: number
  /** Store-days that no run of the report has computed: what the figures leave out. */
  uncovered: number
}

export interface StoreDayState {
  store: string
  businessDay: string
  state: DayState
  restated: boolean
  /** Whether a run of the report has computed it. */
  covered: boolean
}

/** From the least settled to the most. */
const STATES: readonly DayState[] = ['open', 'awaiting-journal', 'unclosed', 'incomplete', 'closed']

/**
 * How settled each store's day is, by the clock of the database. Days before a store's first event, days that
 * have not begun, and days without events of stores that send at once are left out.
 * @param currency restatements of other currencies are none of this report's; null for reports without amounts
 */
export async function readSettlement(
  reading: Reading,
  { range, stores, currency }: { range: DayRange; stores: readonly string[]; currency: string | null },
): Promise<Omit<StoreDayState, 'covered'>[]> {
  return reading<Omit<StoreDayState, 'covered'>[]>`
    with store_days as (
      select s.store, s.input, day.business_day,
        (day.business_day::timestamp + make_interval(hours => s.cut_over_hour)) at time zone s.zone as starts_at,
        ((day.business_day + 1)::timestamp + make_interval(hours => s.cut_over_hour)) at time zone s.zone as ends_at
      from ref.stores s
      cross join lateral (select min(business_day) as first_day from batch.day_head h where h.store = s.store) known
      cross join lateral (
        select generate_series(greatest(${range.from}::date, known.first_day), ${range.to}::date, interval '1 day')::date
          as business_day
      ) day
      where s.store = any(${[...stores]}) and known.first_day is not null
    )
    select d.store, d.business_day as "businessDay",
      case
        when d.ends_at > now() then 'open'
        when c.incomplete then 'incomplete'
        when c.store is not null then 'closed'
        when d.input = 'journal' and coalesce(h.bulk_events, 0) = 0 then 'awaiting-journal'
        else 'unclosed'
      end as state,
      exists (
        select from batch.restatements r
        where r.business_day = d.business_day and r.store = d.store and r.currency = coalesce(${currency}, r.currency)
      ) as restated
    from store_days d
    left join batch.day_head h on h.store = d.store and h.business_day = d.business_day
    left join batch.closed_days c on c.store = d.store and c.business_day = d.business_day
    where d.starts_at <= now()
      and (h.store is not null or c.store is not null or d.ends_at > now() or d.input = 'journal')`
}

/** Adds store-days up. Of none it says closed: there is nothing that could still change. */
export function settle(days: readonly StoreDayState[]): Settlement {
  const counts = { open: 0, 'awaiting-journal': 0, unclosed: 0, incomplete: 0, closed: 0 }
  for (const { state } of days) counts[state] += 1
  return {
    state: STATES.find(state => counts[state] > 0) ?? 'closed',
    storeDays: days.length,
    counts,
    restated: days.filter(({ restated }) => restated).length,
    uncovered: days.filter(({ covered }) => !covered).length,
  }
}

/** The same by period, or by period and store. */
export function settleBy(
  days: readonly StoreDayState[],
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
