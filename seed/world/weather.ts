import { addDays, type BusinessDay } from '#domain/business-day.ts'
import { createRandom } from './random.ts'

/** What of a day's weather is left the day after. */
const LASTING = 0.65
/** Days after which nothing of it is left to notice. */
const REMEMBERED_DAYS = 7

/**
 * How fine a day is where the stores of a time zone are: 0 as usual, 1 clearly better, -1 worse. A day resembles
 * those around it; each is known without those before it having been played.
 */
export function weatherOf(randomSeed: number, zone: string, day: BusinessDay): number {
  let sum = 0
  for (let ago = 0; ago < REMEMBERED_DAYS; ago += 1) {
    sum += LASTING ** ago * createRandom(randomSeed, 'weather', zone, addDays(day, -ago)).normal(0, 1)
  }
  // An autoregressive process of deviation 1.
  return sum * Math.sqrt(1 - LASTING ** 2)
}
