import type { Fragment, Transaction } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import type { Position } from '#domain/log-event.ts'
import type { Slot } from '#jobs/planner/facts.ts'

/** What a report's SELECT reads from: the days of a set, and the log as far as its basis. */
export interface SetReading {
  sql: Transaction
  /** FROM item `day`: store, period, business_day, starts_at, ends_at, previous_day. */
  days(): Fragment
  /** FROM item `clock`: store, business_day, starts_at, ends_at, offset_seconds; two rows where clocks are set. */
  clocks(): Fragment
  /**
   * Condition on `log.event_log e`: not set aside, at or below the basis, within the append days and business days of the
   * set. It may let through days of other stores of the set: join `day`, best after grouping. (A join before
   * it hides from Postgres how many rows come, and it groups a day of lines on one core instead of two.)
   */
  isRead(): Fragment
  /** Condition on another report, `alias`: its rows of the stores and between the first and last day of the set. */
  isInRange(alias: string, column: 'business_day' | 'month'): Fragment
  /** As `isRead`, for events whose own business day says nothing: a Z report is about another day. */
  isReadOnAnyDay(): Fragment
}

/**
 * @param storeCount stores that exist on the partitions of the set: when all are in it, the log need not be
 *   filtered by store, which costs a tenth of a day of lines
 */
export function createSetReading(request: {
  sql: Transaction
  slots: readonly Slot[]
  basis: readonly Position[]
  storeCount: number
  /** Events of these stores that the batch path goes on without. */
  setAside: readonly { partition: number; offset: number }[]
}): SetReading {
  const { sql, slots, basis, storeCount, setAside } = request
  const days = slots.flatMap(({ store, period, days }) => days.map(day => ({ store, period, ...day })))
  const ranges = appendRanges(slots.flatMap(slot => slot.appendDays))
  const partitions = new Set(slots.map(slot => slot.partition))
  // 0 for partitions without a store of the set: nothing of them is read.
  const through = basis.map(({ offset }, partition) => (partitions.has(partition) ? offset : 0))
  const stores = [...new Set(slots.map(slot => slot.store))]
  const businessDays = days.map(day => day.businessDay).sort()
  const [firstDay, lastDay] = [businessDays[0] ?? null, businessDays.at(-1) ?? null]

  function wasAppended(): Fragment {
    if (ranges.length === 0) return sql`false`
    return ranges
      .map(({ from, to }) => sql`e.appended_at >= ${utc(from)} and e.appended_at < ${utc(to)}`)
      .reduce((left, right) => sql`${left} or ${right}`)
  }

  function isReadOnAnyDay(): Fragment {
    return sql`(${wasAppended()})
      and e."offset" <= (${through}::bigint[])[e.partition + 1]
      ${stores.length < storeCount ? sql`and e.store = any(${stores}::text[])` : sql``}
      ${setAside.length > 0 ? sql`and (e.partition, e."offset") not in (${setAsidePlaces()})` : sql``}`
  }

  function setAsidePlaces(): Fragment {
    return sql`
      select * from unnest(
        ${setAside.map(({ partition }) => partition)}::smallint[], ${setAside.map(({ offset }) => offset)}::bigint[])`
  }

  return {
    sql,
    days: () => sql`unnest(
      ${days.map(day => day.store)}::text[], ${days.map(day => day.period)}::date[],
      ${days.map(day => day.businessDay)}::date[], ${days.map(day => utc(day.startsAt))}::timestamptz[],
      ${days.map(day => utc(day.endsAt))}::timestamptz[], ${days.map(day => day.previousDay)}::date[]
    ) as day(store, period, business_day, starts_at, ends_at, previous_day)`,
    clocks: () => sql`ref.store_clocks(${stores}::text[], ${firstDay}::date, ${lastDay}::date) clock`,
    isRead: () => sql`${isReadOnAnyDay()} and e.business_day between ${firstDay}::date and ${lastDay}::date`,
    isReadOnAnyDay,
    isInRange: (alias, column) => {
      // Days open where others closed, and months begin before their first day of the set.
      const from =
        [...days.map(day => day.previousDay ?? day.businessDay), ...days.map(day => day.period)].sort()[0] ??
        null
      return sql`${sql(`${alias}.store`)} = any(${stores}::text[])
        and ${sql(`${alias}.${column}`)} between ${from}::date and ${lastDay}::date`
    },
  }
}

function utc(moment: number | string): string {
  return new Date(moment).toISOString()
}

/** A half-open stretch of append time, as UTC days 'YYYY-MM-DD': [from, to). */
export interface AppendRange {
  from: string
  to: string
}

/**
 * The stretches of append time that hold all of the given UTC days, neighbours joined. The log is stored by
 * append day, so a late event of last month costs the reading of two days, not of all between.
 */
export function appendRanges(days: Iterable<string>): AppendRange[] {
  const ranges: AppendRange[] = []
  for (const day of [...new Set(days)].sort()) {
    const last = ranges.at(-1)
    if (last?.to === day) last.to = addDays(day, 1)
    else ranges.push({ from: day, to: addDays(day, 1) })
  }
  return ranges
}
