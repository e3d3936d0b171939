import {
  addDays,
  type BusinessDay,
  businessDayOf,
  businessDaySpan,
  type StoreCalendar,
} from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'

/** Where a store stands in its day, and where it stood as long after opening its books one and two weeks ago. */
export interface StoreClock {
  businessDay: BusinessDay
  /** When that day began: its cut-over. */
  dayStart: Instant
  weekAgo: { businessDay: BusinessDay; dayStart: Instant; moment: Instant }
  twoWeeksAgo: { moment: Instant }
}

/**
 * The business day of a store now, and the like moment of the same weekday before. Measured from the day's
 * own start, so that a clock change in between shifts nothing; never past that day's end.
 */
export function storeClockOf(now: Instant, calendar: StoreCalendar): StoreClock {
  const businessDay = businessDayOf(now, calendar)
  const { start } = businessDaySpan(businessDay, calendar)
  const likeMoment = (days: number) => {
    const before = addDays(businessDay, -days)
    const span = businessDaySpan(before, calendar)
    return {
      businessDay: before,
      dayStart: span.start,
      moment: Math.min(span.start + (now - start), span.end),
    }
  }
  return {
    businessDay,
    dayStart: start,
    weekAgo: likeMoment(7),
    twoWeeksAgo: { moment: likeMoment(14).moment },
  }
}
