import type { Observed } from './method.ts'

/**
 * Kinds of demand, of which each is best foreseen another way: regular or seldom, of even or uneven sizes (Syntetos, Boylan
 * & Croston, "On the categorization of demand patterns", 2005). new: not there for long enough to tell.
 */
export type DemandClass = 'smooth' | 'erratic' | 'intermittent' | 'lumpy' | 'new'

/** Mean time between days with demand, in days, from which on demand is seldom. */
const SELDOM_DAYS = 1.32
/** Squared variation of the sizes of days with demand from which on they are uneven. */
const UNEVEN = 0.49
/** Days of exposure without which nothing is said. */
const KNOWN_AFTER_DAYS = 28

export function classifyDemand({ units, exposure }: Observed): DemandClass {
  let seen = 0
  let count = 0
  let sum = 0
  let squares = 0
  for (let day = 0; day < units.length; day += 1) {
    const share = exposure[day] ?? 0
    if (share <= 0) continue
    seen += share
    const sold = units[day] ?? 0
    if (sold <= 0) continue
    count += 1
    sum += sold
    squares += sold * sold
  }
  if (seen < KNOWN_AFTER_DAYS) return 'new'
  if (count === 0) return 'intermittent'
  const mean = sum / count
  const isUneven = squares / count - mean * mean >= UNEVEN * mean * mean
  if (seen / count >= SELDOM_DAYS) return isUneven ? 'lumpy' : 'intermittent'
  return isUneven ? 'erratic' : 'smooth'
}
