import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { Random } from './random.ts'

/**
 * The life of a product that comes anew each year, as an edition: it comes, is found by its customers, sells for some
 * months, and runs out when the shops stop ordering it. Known from the day alone, so that any day can be played without
 * those before it.
 */
export interface LifeCycle {
  /** Days after 1970-01-01, modulo a year of whole weeks, on which an edition comes. */
  comes: number
  /** Days for which shops keep it. */
  keptDays: number
}

/** `coming`: ordered, and not sold yet; `running out`: not ordered any more; `core`: there all year. */
export type LifeStage = 'core' | 'coming' | 'new' | 'established' | 'running out' | 'gone'

/** Whole weeks: every edition comes on the same weekday. */
const YEAR_DAYS = 364
/** Until its customers know it. */
const NEW_DAYS = 42
const KNOWN_AT_ONCE = 0.3
/** Shops have it on the shelf before it is announced. */
const ORDERED_AHEAD_DAYS = 11
/** Who wants the next edition waits for it. */
const LEFT_AT_END = 0.35
const HALVED_EVERY_DAYS = 7
/** What is left sells now and then. */
const LEAST = 0.03
const RUNNING_OUT_DAYS = 42

/** One that begins and ends anywhere in the year, and is kept for five to eight months. */
export function drawLifeCycle(random: Random): LifeCycle {
  return { comes: random.integer(0, YEAR_DAYS - 1), keptDays: random.integer(150, 250) }
}

/** Where in its life a product is on a day, and how often it is wanted in proportion to its best days. */
export function lifeOf(cycle: LifeCycle | null, day: BusinessDay): { stage: LifeStage; demand: number } {
  if (cycle === null) return { stage: 'core', demand: 1 }
  const age = (((Date.parse(`${day}T00:00:00Z`) / DAY_MS - cycle.comes) % YEAR_DAYS) + YEAR_DAYS) % YEAR_DAYS
  if (age < NEW_DAYS) return { stage: 'new', demand: KNOWN_AT_ONCE + ((1 - KNOWN_AT_ONCE) * age) / NEW_DAYS }
  if (age < cycle.keptDays) return { stage: 'established', demand: 1 }
  const since = age - cycle.keptDays
  if (since < RUNNING_OUT_DAYS) {
    return {
      stage: 'running out',
      demand: Math.max(LEAST, LEFT_AT_END * 0.5 ** (since / HALVED_EVERY_DAYS)),
    }
  }
  return { stage: age >= YEAR_DAYS - ORDERED_AHEAD_DAYS ? 'coming' : 'gone', demand: LEAST }
}

/** Whether shops order a product on a day: it sells, or is to come. */
export function isKept(cycle: LifeCycle | null, day: BusinessDay): boolean {
  const { stage } = lifeOf(cycle, day)
  return stage !== 'running out' && stage !== 'gone'
}

/** Whether an empty shelf is a loss on a day: the product is out, and shops want to have it. */
export function isSold(cycle: LifeCycle | null, day: BusinessDay): boolean {
  return isKept(cycle, day) && lifeOf(cycle, day).stage !== 'coming'
}

/** Whether shops keep an edition from `from` on, and each day until `to` on which that changes. */
export function keepingOf(
  cycle: LifeCycle,
  { from, to }: { from: BusinessDay; to: BusinessDay },
): { from: BusinessDay; isKept: boolean }[] {
  const changes: { from: BusinessDay; isKept: boolean }[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const kept = isKept(cycle, day)
    if (changes.at(-1)?.isKept !== kept) changes.push({ from: day, isKept: kept })
  }
  return changes
}
