import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { reviewOf } from '#seed/shop/reviews.ts'
import type { TradingShop } from '#seed/shop/shop-state.ts'
import type { Random } from '#seed/world/random.ts'

const FIRST_FILE_MS = 5 * MINUTE_MS
const FILE_EVERY_MS = 30 * MINUTE_MS
const REVIEWED = 0.06
/** At a pace at which one watches, nobody waits two days. A journal's purchase may take as long to arrive. */
const LEAST_AGE_MS = 3 * MINUTE_MS
const MOST_WAITING = 5_000

/** What customers say of what they bought, gathered into files. */
export function createReviewFeed(random: Random, startedAt: Instant) {
  let waiting: SentEvent[] = []
  let nextFile = startedAt + FIRST_FILE_MS

  return {
    /** Somebody has bought something: as often as that, somebody else writes of what they bought before. */
    onOrder(trading: TradingShop, at: Instant): void {
      if (!random.chance(REVIEWED) || waiting.length >= MOST_WAITING) return
      const review = reviewOf(trading, at, trading.shop.input === 'journal' ? undefined : LEAST_AGE_MS)
      if (review) waiting.push(review)
    },
    /** The file that is due, and null where none is. */
    take(now: Instant): { name: string; content: string } | null {
      if (now < nextFile) return null
      nextFile = now + FILE_EVERY_MS
      const posted = waiting
      waiting = []
      if (posted.length === 0) return null
      return {
        name: `reviews-${formatInstant(now).slice(0, 19).replaceAll(':', '')}.ndjson`,
        content: posted.map(review => `${JSON.stringify(review)}\n`).join(''),
      }
    },
  }
}
