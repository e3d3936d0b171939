import { businessDayOf, businessDaySpan, type Calendar } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'

/** Monday is 1, as in ISO 8601. */
function isoWeekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7
}

/**
 * When an order is to come: after its lead time, and where the supplier drives on some weekdays only, on the first of
 * them from then on, at the same time of day.
 * @param leadTimeDays days, may be broken
 * @param deliveryDays ISO weekdays of the store's own days; null: any
 */
export function expectedDelivery({
  orderedAt,
  leadTimeDays,
  deliveryDays,
  calendar,
}: {
  orderedAt: Instant
  leadTimeDays: number
  deliveryDays: readonly number[] | null
  calendar: Calendar
}): Instant {
  const ready = orderedAt + leadTimeDays * DAY_MS
  if (deliveryDays === null || deliveryDays.length === 0) return ready
  const day = businessDayOf(ready, calendar)
  const intoDay = ready - businessDaySpan(day, calendar).start
  const wait = [0, 1, 2, 3, 4, 5, 6].find(days => deliveryDays.includes(isoWeekday(addDays(day, days)))) ?? 0
  return wait === 0 ? ready : businessDaySpan(addDays(day, wait), calendar).start + intoDay
}
