import { HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts'
import { zoneShifts } from '#domain/zone.ts'

export const HOURS_OF_WEEK = 168

/** 1 January 1970 was a Thursday: its midnight is hour 72 of the week from Monday. */
const EPOCH_HOUR = 72

/**
 * The hour of the week that a store's clocks show, 0 (Monday from midnight) to 167.
 * @param offsetMs how far its clocks are ahead of UTC
 */
export function hourOfWeek(instant: Instant, offsetMs: number): number {
  const hour = (Math.floor((instant + offsetMs) / HOUR_MS) + EPOCH_HOUR) % HOURS_OF_WEEK
  return hour < 0 ? hour + HOURS_OF_WEEK : hour
}

/** What hourly rates add up to between two instants, hours by the clocks of a zone, pieces of an hour in proportion. */
export function expectedBetween(
  ratesByHour: readonly number[],
  { zone, from, to }: { zone: string; from: Instant; to: Instant },
): number {
  let sum = 0
  for (let at = from; at < to; ) {
    const offsetMs = clockOffsetMs(zone, at)
    const next = Math.floor((at + offsetMs) / HOUR_MS + 1) * HOUR_MS - offsetMs
    const until = Math.min(next, to)
    sum += ((ratesByHour[hourOfWeek(at, offsetMs)] ?? 0) * (until - at)) / HOUR_MS
    at = until
  }
  return sum
}

/** Classes of hours in which people buy alike: before 10:00 of a store's clock, to 14:00, to 18:00, later. */
const CLASS_ENDS = [10, 14, 18, 24]

/** @param hour of the week */
export function hourClass(hour: number): number {
  return CLASS_ENDS.findIndex(end => hour % 24 < end)
}

/** How far a zone's clocks are ahead of UTC at an instant. */
export function clockOffsetMs(zone: string, at: Instant): number {
  return (zoneShifts(zone, { from: at, to: at })[0]?.offsetSeconds ?? 0) * SECOND_MS
}
