import { SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'

/** No till's own clock is further off than this. */
export const MOST_OFF_MS = 8 * SECOND_MS

const USUALLY_OFF_MS = 1_500
/** Some tills have not asked for the time in months. */
const AHEAD = { chance: 0.12, leastMs: 4 * SECOND_MS, mostMs: MOST_OFF_MS }

/** How far off the clock of a till is: nearly none is right. The same for the same till, also after a restart. */
export function clockOf(source: string): number {
  const random = createRandom(1, 'clock', source)
  return random.chance(AHEAD.chance)
    ? random.integer(AHEAD.leastMs, AHEAD.mostMs)
    : random.integer(-USUALLY_OFF_MS, USUALLY_OFF_MS)
}
