import { Temporal } from 'temporal-polyfill'
import { addDays, type BusinessDay } from './calendar.ts'
import { HOUR_MS, type Instant } from './instant.ts'

/** What turns an instant into a business day: the store's time zone and the hour its day begins. */
export interface StoreCalendar {
  /** IANA name, e.g. 'Europe/Berlin'. */
  zone: string
  /** 0 (midnight) to 23: sales before this hour belong to the day before. */
  cutOverHour: number
}

/**
 * The business day of an instant: days run from cut-over to cut-over in the store's zone, half-open,
 * and have 23, 24 or 25 hours. The only place in the system where this is decided.
 */
export function businessDayOf(instant: Instant, calendar: StoreCalendar): BusinessDay {
  const cached = lastSpan.get(cacheKey(calendar))
  if (cached && instant >= cached.start && instant < cached.end) return cached.day
  // At most one day off: a zone is never more than a day from UTC. The bounds decide, so a clock change
  // at the cut-over itself needs no case of its own.
  let day = addDays(new Date(instant - calendar.cutOverHour * HOUR_MS).toISOString().slice(0, 10), -1)
  let span = businessDaySpan(day, calendar)
  while (instant >= span.end) {
    day = addDays(day, 1)
    span = businessDaySpan(day, calendar)
  }
  lastSpan.set(cacheKey(calendar), { day, ...span })
  return day
}

/** The half-open span [start, end) of a business day. */
export function businessDaySpan(day: BusinessDay, calendar: StoreCalendar): { start: Instant; end: Instant } {
  return { start: cutOver(day, calendar), end: cutOver(addDays(day, 1), calendar) }
}

/**
 * An instant from a wall-clock time without zone, as files carry it. An ambiguous time (autumn) is the
 * earlier one; a missing time (spring) is shifted forward; `irregular` says which, for the import's count.
 * @param local 'YYYY-MM-DDTHH:MM:SS'
 */
export function instantOfLocalTime(
  local: string,
  zone: string,
): { instant: Instant; irregular: 'ambiguous' | 'missing' | null } {
  const plain = Temporal.PlainDateTime.from(local)
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' })
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds) {
    return { instant: earlier.epochMilliseconds, irregular: null }
  }
  // In a gap 'earlier' lies before the change and 'later' is the time shifted forward.
  const missing = !earlier.toPlainDateTime().equals(plain)
  return missing
    ? { instant: later.epochMilliseconds, irregular: 'missing' }
    : { instant: earlier.epochMilliseconds, irregular: 'ambiguous' }
}

function cutOver(day: BusinessDay, { zone, cutOverHour }: StoreCalendar): Instant {
  const key = `${zone}|${cutOverHour}|${day}`
  const known = cutOvers.get(key)
  if (known !== undefined) return known
  const plain = Temporal.PlainDateTime.from(`${day}T${String(cutOverHour).padStart(2, '0')}:00:00`)
  const instant = plain.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
  if (cutOvers.size > 20_000) cutOvers.clear()
  cutOvers.set(key, instant)
  return instant
}

function cacheKey(calendar: StoreCalendar): string {
  return `${calendar.zone}|${calendar.cutOverHour}`
}

// Temporal takes tens of microseconds a conversion and the intake needs one per event: nearly all events
// fall on the day of the one before them.
const lastSpan = new Map<string, { day: BusinessDay; start: Instant; end: Instant }>()
const cutOvers = new Map<string, Instant>()
