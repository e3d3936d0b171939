import { addDays, type BusinessDay } from '#domain/business-day.ts'

/** Sorted days as stretches without a gap, both ends included. */
export function stretchesOf(days: readonly BusinessDay[]): { from: BusinessDay; to: BusinessDay }[] {
  const stretches: { from: BusinessDay; to: BusinessDay }[] = []
  for (const day of days) {
    const last = stretches.at(-1)
    if (last && addDays(last.to, 1) === day) last.to = day
    else stretches.push({ from: day, to: day })
  }
  return stretches
}
