import type { ComputedPolicy } from './policy.ts'

/** Shares of a deviation, and of the mean, by which a forecast of a day may be off before it is another one. */
const OF_SPREAD = 0.1
const OF_MEAN = 0.03
/** The same of the deviation. */
const SPREAD_CHANGE = 0.1
/** Shares of its levels by which a policy may be off. */
const OF_LEVEL = 0.1

interface Foreseen {
  unitsByWeekday: readonly number[]
  spread: number
}

/**
 * Whether a forecast says something else than the one that stands: by more, on some weekday, than a tenth of what days
 * vary by anyway. So what is written each night is what has changed, and not the noise of one day more.
 */
export function isOtherForecast(before: Foreseen, now: Foreseen): boolean {
  if (Math.abs(now.spread - before.spread) > SPREAD_CHANGE * Math.max(before.spread, now.spread)) return true
  return now.unitsByWeekday.some((units, weekday) => {
    const stood = before.unitsByWeekday[weekday] ?? 0
    return Math.abs(units - stood) > Math.max(OF_SPREAD * now.spread, OF_MEAN * Math.max(units, stood))
  })
}

/** Whether a computed policy differs from the one that stands by more than a tenth of a level, and by more than a unit. */
export function isOtherPolicy(
  before: { reorderPoint: number; orderUpTo: number | null },
  now: ComputedPolicy,
): boolean {
  const differs = (stood: number, level: number) =>
    Math.abs(level - stood) > Math.max(1, OF_LEVEL * Math.max(stood, level))
  return (
    before.orderUpTo === null ||
    differs(before.reorderPoint, now.reorderPoint) ||
    differs(before.orderUpTo, now.orderUpTo)
  )
}
