import { readUnusualSpeeds } from '#db/demo-speed.ts'
import { loadStores } from '#db/stores.ts'
import type { Reading } from '#db/transaction.ts'
import { businessDayOf } from '#domain/business-day.ts'
import { type BusinessDay, type DayRange, daysBetween } from '#domain/calendar.ts'
import { furthestSpeed } from '#domain/demo-speed.ts'
import { DAY_MS } from '#domain/instant.ts'

/** The business days on which the demo's shops did not trade at the speed of their history, each with that speed. */
export type DemoDays = Record<BusinessDay, number>

/** Of a range of business days, by any store's calendar. */
export async function readDemoDays(reading: Reading, { from, to }: DayRange): Promise<DemoDays> {
  const speeds = await readUnusualSpeeds(reading, {
    // Whatever the zone and the cut-over, a business day lies within these.
    from: Date.parse(`${from}T00:00:00Z`) - DAY_MS,
    to: Date.parse(`${to}T00:00:00Z`) + 3 * DAY_MS,
  })
  if (speeds.length === 0) return {}
  const stores = await loadStores(reading)
  const days: DemoDays = {}
  for (const span of speeds) {
    for (const { versions } of stores) {
      for (const day of daysBetween(
        businessDayOf(span.from, versions),
        businessDayOf(span.to - 1, versions),
      )) {
        if (day >= from && day <= to) days[day] = furthestSpeed([days[day] ?? 1, span.speed])
      }
    }
  }
  return days
}
