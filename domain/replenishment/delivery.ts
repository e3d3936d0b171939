import { DAY_MS, type Instant } from '#domain/instant.ts'
import type { LeadTime } from './lead-time.ts'

/** Weekdays on which a supplier delivers, 1 is Monday; null: any. */
export type DeliveryDays = readonly number[] | null

/**
 * When goods come that are ordered at an instant: after the lead time, and then on the first day on which the supplier
 * delivers, at the same hour.
 * @param offsetMs how far the store's clocks are ahead of UTC: they say which weekday it is
 */
export function arrivalOf(
  orderedAt: Instant,
  {
    leadDays,
    deliveryDays,
    offsetMs = 0,
  }: { leadDays: number; deliveryDays: DeliveryDays; offsetMs?: number },
): Instant {
  const earliest = Math.round(orderedAt + leadDays * DAY_MS)
  if (deliveryDays === null || deliveryDays.length === 0) return earliest
  for (let days = 0; days < 7; days += 1) {
    const at = earliest + days * DAY_MS
    if (deliveryDays.includes(isoWeekday(at + offsetMs))) return at
  }
  return earliest
}

/** The longest time between two days on which a supplier delivers: what is missed on one waits for the next. */
export function longestWaitDays(deliveryDays: DeliveryDays): number {
  if (deliveryDays === null || deliveryDays.length === 0) return 1
  const days = [...new Set(deliveryDays)].sort((one, other) => one - other)
  return Math.max(...days.map((day, index) => (days[index + 1] ?? (days[0] ?? 1) + 7) - day))
}

/**
 * When what is on order is to be expected, as of an instant: when it was said to come, or its supplier's lead time after
 * it was ordered. What should be there already is late, and who is late stays unsure: it comes a deviation of the lead
 * time from now, and not before a day.
 * @returns null where nothing says when
 */
export function expectedDelivery(
  order: { placedAt: Instant | null; expectedAt: Instant | null },
  { leadTime, at }: { leadTime: LeadTime | null; at: Instant },
): { at: Instant; isLate: boolean } | null {
  const { placedAt, expectedAt } = order
  const due =
    expectedAt ?? (placedAt !== null && leadTime ? Math.round(placedAt + leadTime.meanDays * DAY_MS) : null)
  if (due === null) return null
  if (due >= at) return { at: due, isLate: false }
  return { at: Math.round(at + Math.max(1, leadTime?.spreadDays ?? 1) * DAY_MS), isLate: true }
}

/** 1 on Monday, of an instant whose offset has been added. */
function isoWeekday(local: Instant): number {
  return new Date(local).getUTCDay() || 7
}
