import { fading } from '#domain/half-life.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'

/** How fast orders come of late: each counts half as much for every twenty minutes that it lies behind the newest. */
export interface Pace {
  newest: Instant
  weight: number
}

export const NO_PACE: Pace = { newest: Number.NEGATIVE_INFINITY, weight: 0 }

/** A till that has sold fast for so long is known to be fast. */
const HALF_LIFE_MS = 20 * MINUTE_MS
/** How many of them before the newest order are looked at: what lies further back counts less than a fiftieth. */
const HALF_LIVES = 6
/** Standard deviations below what was counted: so fast it surely is. */
const SURELY = 3

/** The pace with one order more, which may come late. */
export function withOrder({ newest, weight }: Pace, at: Instant): Pace {
  return at >= newest
    ? { newest: at, weight: weight * fading(at - newest, HALF_LIFE_MS) + 1 }
    : { newest, weight: weight + fading(newest - at, HALF_LIFE_MS) }
}

/**
 * Orders that the pace of late surely lets expect, for a store or a till that sells far more today than it used to do;
 * hours differ from each other as they do by habit.
 * @param since orders that habits let expect since the newest one
 * @param habit orders that they let expect between two instants
 */
export function expectedByPace(
  { newest, weight }: Pace,
  since: number,
  habit: (from: Instant, to: Instant) => number | null,
): number {
  // The variance of such a sum over a Poisson process is half its mean.
  const surely = weight - SURELY * Math.sqrt(weight / 2)
  if (since <= 0 || surely <= 0) return 0
  let usual = 0
  for (let ago = 0; ago < HALF_LIVES; ago += 1) {
    const to = newest - ago * HALF_LIFE_MS
    // The integral of 2^(-t) over that half-life.
    usual += ((habit(to - HALF_LIFE_MS, to) ?? 0) * 2 ** -(ago + 1)) / Math.LN2
  }
  return usual > 0 ? (since * surely) / usual : 0
}
