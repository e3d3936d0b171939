import { businessDaySpan, type Calendar, zoneOn } from './business-day.ts'
import type { BusinessDay } from './calendar.ts'
import { HOUR_MS, type Instant, SECOND_MS } from './instant.ts'
import { zoneShifts } from './zone.ts'

/** An hour of a business day as the store's clocks show it, [start, end). */
export interface BusinessHour {
  start: Instant
  end: Instant
  /** 'HH:MM' at its start; with the offset, '02:00 +01:00', where two hours of the day would be called alike. */
  label: string
}

/**
 * The hours of a business day: one more for the hour that comes twice, one less for the one that is skipped. Where
 * clocks move by half an hour, one is half an hour. `ref.store_hours` is the same in SQL.
 */
export function businessHoursOf(day: BusinessDay, calendar: Calendar): BusinessHour[] {
  const { start, end } = businessDaySpan(day, calendar)
  // Of a day that a zone skipped there are none.
  if (start >= end) return []
  const shifts = zoneShifts(zoneOn(day, calendar), { from: start, to: end - 1 })
  const hours = shifts.flatMap(({ startsAt, offsetSeconds }, index) => {
    const offset = offsetSeconds * SECOND_MS
    const until = shifts[index + 1]?.startsAt ?? end
    const own: (BusinessHour & { offset: number })[] = []
    for (let hour = hourOf(startsAt, offset); hour < until; hour += HOUR_MS) {
      const begins = Math.max(hour, startsAt)
      own.push({
        start: begins,
        end: Math.min(hour + HOUR_MS, until),
        label: clockAt(begins, offset),
        offset,
      })
    }
    return own
  })
  const counts = new Map<string, number>()
  for (const { label } of hours) counts.set(label, (counts.get(label) ?? 0) + 1)
  return hours.map(({ offset, label, ...hour }) => ({
    ...hour,
    label: counts.get(label) === 1 ? label : `${label} ${offsetText(offset)}`,
  }))
}

/** The beginning of the hour that an instant lies in, by clocks that are `offset` ahead of UTC. */
function hourOf(instant: Instant, offset: number): Instant {
  return Math.floor((instant + offset) / HOUR_MS) * HOUR_MS - offset
}

function clockAt(instant: Instant, offset: number): string {
  return new Date(instant + offset).toISOString().slice(11, 16)
}

/** '+05:30' */
function offsetText(offset: number): string {
  return `${offset < 0 ? '-' : '+'}${new Date(Math.abs(offset)).toISOString().slice(11, 16)}`
}
