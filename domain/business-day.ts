import { addDays, type BusinessDay } from './calendar.ts'
import { DAY_MS, HOUR_MS, type Instant, SECOND_MS } from './instant.ts'
import { instantOfLocal, zoneShifts } from './zone.ts'

/** What turns an instant into a business day: the store's time zone and the hour its day begins. */
export interface StoreCalendar {
  /** IANA name, e.g. 'Europe/Berlin'. */
  zone: string
  /** 0 (midnight) to 23: sales before this hour belong to the day before. */
  cutOverHour: number
}

/** A calendar that holds from a business day on, until the next. */
export interface CalendarVersion extends StoreCalendar {
  validFrom: BusinessDay
}

/** One calendar for all time, or versions of it, oldest first: the first holds for all days before it, too. */
export type Calendar = StoreCalendar | readonly CalendarVersion[]

/**
 * The business day of an instant: days run from cut-over to cut-over in the store's zone, half-open, and have 23 to
 * 25 hours. A day begins at the cut-over of the version that is valid on it and ends where the next begins, so that
 * days meet without gap or overlap also where a store moves. The only place in the system where this is decided.
 */
export function businessDayOf(instant: Instant, calendar: Calendar): BusinessDay {
  const cached = lastSpan.get(calendar)
  if (cached && instant >= cached.start && instant < cached.end) return cached.day
  // The bounds decide, so a clock change at the cut-over itself needs no case of its own; three days before, the day
  // of the instant has not begun in any zone.
  let day = addDays(new Date(instant).toISOString().slice(0, 10), -3)
  let span = businessDaySpan(day, calendar)
  while (instant >= span.end) {
    day = addDays(day, 1)
    span = { start: span.end, end: dayStart(addDays(day, 1), calendar) }
  }
  lastSpan.set(calendar, { day, ...span })
  return day
}

/** The half-open span [start, end) of a business day. Empty for a day that a zone has skipped (Apia, 2011-12-30). */
export function businessDaySpan(day: BusinessDay, calendar: Calendar): { start: Instant; end: Instant } {
  return { start: dayStart(day, calendar), end: dayStart(addDays(day, 1), calendar) }
}

/** The zone whose clocks a business day goes by. */
export function zoneOn(day: BusinessDay, calendar: Calendar): string {
  return calendarOn(day, calendar).zone
}

/** The version that is valid on a business day. @throws RangeError when there is none at all */
export function versionOn<Version extends { validFrom: BusinessDay }>(
  versions: readonly Version[],
  day: BusinessDay,
): Version {
  const version = versions.findLast(({ validFrom }) => validFrom <= day) ?? versions[0]
  if (!version) throw new RangeError('a store has one version at least')
  return version
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
  return instantOfLocal(zone, Date.parse(`${local}Z`))
}

/**
 * The moment at which a zone's clocks showed the same time some days later, or earlier when `days` is negative. A time
 * that this day has twice is its earlier one, one that it does not have is shifted forward.
 * @param thatZone whose clocks show it on that day, where a store has moved
 */
export function sameLocalTime(instant: Instant, days: number, zone: string, thatZone = zone): Instant {
  const [shift] = zoneShifts(zone, { from: instant, to: instant })
  if (!shift) throw new RangeError(`${zone} has no offset at ${instant}`)
  return instantOfLocal(thatZone, instant + shift.offsetSeconds * SECOND_MS + days * DAY_MS).instant
}

function dayStart(day: BusinessDay, calendar: Calendar): Instant {
  const { zone, cutOverHour } = calendarOn(day, calendar)
  const key = `${zone}|${cutOverHour}|${day}`
  const known = cutOvers.get(key)
  if (known !== undefined) return known
  const { instant } = instantOfLocal(zone, Date.parse(`${day}T00:00:00Z`) + cutOverHour * HOUR_MS)
  if (cutOvers.size > 20_000) cutOvers.clear()
  cutOvers.set(key, instant)
  return instant
}

function calendarOn(day: BusinessDay, calendar: Calendar): StoreCalendar {
  return isVersioned(calendar) ? versionOn(calendar, day) : calendar
}

function isVersioned(calendar: Calendar): calendar is readonly CalendarVersion[] {
  return Array.isArray(calendar)
}

// The intake needs a day per event: nearly all events fall on the day of the one before them.
const lastSpan = new WeakMap<Calendar, { day: BusinessDay; start: Instant; end: Instant }>()
const cutOvers = new Map<string, Instant>()
