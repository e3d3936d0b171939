import { businessHoursOf } from '#domain/business-hours.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { type Store, storeOn } from '#domain/store.ts'
import { clockOffsetMs, HOURS_OF_WEEK, hourOfWeek } from './hour-of-week.ts'
import type { OrderSizes } from './reference.ts'

/** How far back habits reach. */
export const HABIT_DAYS = 56
/** A shorter history says nothing of a week. */
export const LEAST_HABIT_DAYS = 14
/** What makes of a median absolute deviation the standard deviation of a normal distribution. */
export const MAD_SCALE = 1.4826

/** Orders of a store in an hour of one of its business days. */
export interface SoldHour {
  businessDay: BusinessDay
  /** The hour's beginning by the store's clocks. */
  hourStart: Instant
  orders: number
}

/**
 * What a store's habits let expect: orders in each of the 168 hours of its week, by its own clocks. Each is the
 * interquartile mean of that hour over the weeks: no day of an outage, a rush or a feast moves it, and it says more
 * than a median of eight. A weekday on which it is mostly closed expects nothing; elsewhere days without a sale are
 * left out. The hour that comes twice in autumn is two, the one that is skipped in spring is none.
 * @param sold hours in which it sold, of any days; what lies outside the last eight weeks is not looked at
 * @param options.today its business day now, of which there is only a part
 * @returns null where less than two weeks are known
 */
export function expectedByHour(
  sold: readonly SoldHour[],
  { store, today }: { store: Pick<Store, 'versions'>; today: BusinessDay },
): number[] | null {
  const ordersByDay = new Map<BusinessDay, Map<Instant, number>>()
  let first = today
  for (const { businessDay, hourStart, orders } of sold) {
    if (businessDay >= today || businessDay < addDays(today, -HABIT_DAYS)) continue
    if (businessDay < first) first = businessDay
    const hours = ordersByDay.get(businessDay) ?? new Map<Instant, number>()
    hours.set(hourStart, (hours.get(hourStart) ?? 0) + orders)
    ordersByDay.set(businessDay, hours)
  }
  if (first > addDays(today, -LEAST_HABIT_DAYS)) return null
  const seen: number[][] = Array.from({ length: HOURS_OF_WEEK }, () => [])
  for (const day of openDays(ordersByDay, { first, today })) {
    const { zone } = storeOn(store, day)
    for (const { start, end } of businessHoursOf(day, store.versions)) {
      // Where clocks move by half an hour, half of one would count as the whole.
      if (end - start < HOUR_MS) continue
      const orders = Math.max(0, ordersByDay.get(day)?.get(start) ?? 0)
      seen[hourOfWeek(start, clockOffsetMs(zone, start))]?.push(orders)
    }
  }
  return seen.map(interquartileMean)
}

/** Days on which it sold, of the weekdays on which it does so more often than not. */
function openDays(
  ordersByDay: ReadonlyMap<BusinessDay, unknown>,
  { first, today }: { first: BusinessDay; today: BusinessDay },
): BusinessDay[] {
  const byWeekday = new Map<number, BusinessDay[]>()
  for (let day = first; day < today; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
    byWeekday.set(weekday, [...(byWeekday.get(weekday) ?? []), day])
  }
  return [...byWeekday.values()].flatMap(days => {
    const open = days.filter(day => ordersByDay.has(day))
    return 2 * open.length > days.length ? open : []
  })
}

/** The mean of what is left without the lowest and the highest quarter, at least one each of three and more; 0 of none. */
function interquartileMean(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const off = sorted.length < 3 ? 0 : Math.max(1, Math.floor(sorted.length / 4))
  const kept = sorted.slice(off, sorted.length - off)
  return kept.length === 0 ? 0 : kept.reduce((sum, value) => sum + value, 0) / kept.length
}

/**
 * Sizes of orders, from ln(net in 1/10,000) of each: their median, and their median absolute deviation as a standard
 * deviation. `jobs/run/expected-sales.ts` has the same in SQL.
 * @returns null of none
 */
export function orderSizesOf(logarithms: readonly number[]): OrderSizes | null {
  if (logarithms.length === 0) return null
  const median = medianOf(logarithms)
  const spread = MAD_SCALE * medianOf(logarithms.map(value => Math.abs(value - median)))
  return { median, spread, documents: logarithms.length }
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
