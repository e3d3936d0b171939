import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import type { Random } from '../random.ts'
import type { OrderPlaced } from '../shop/shop-state.ts'

/** What customers say of what they bought, gathered into files. */
export interface ReviewFeed {
  purchased(order: OrderPlaced, at: Instant): void
  /** The file that is due, and null where none is. */
  take(now: Instant): { name: string; content: string } | null
}

const FIRST_FILE_MS = 5 * MINUTE_MS
const FILE_EVERY_MS = 30 * MINUTE_MS
const REVIEWED = 0.06
/** Some say it at the door, most later. */
const THINKING_MS = 4 * MINUTE_MS
const MOST_WAITING = 5_000

const SAID = {
  1: ['broken on the first day', 'not what the picture shows'],
  2: ['smaller than I thought', 'it will do, just'],
  3: ['as expected', ''],
  4: ['good value', 'would buy it again', ''],
  5: ['exactly what I wanted', 'a present that was liked', ''],
} as const
/** Most are content. */
const RATINGS = [1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5] as const

/** @param series begins the ids, so that no two runs give the same one */
export function createReviewFeed(options: {
  random: Random
  startedAt: Instant
  series: string
}): ReviewFeed {
  const { random, startedAt, series } = options
  let waiting: { at: Instant; review: SentEvent }[] = []
  let nextFile = startedAt + FIRST_FILE_MS
  let sequence = 0

  return {
    purchased(order, at) {
      if (!random.chance(REVIEWED) || waiting.length >= MOST_WAITING) return
      const postedAt = at + 30 * SECOND_MS + Math.round(random.exponential(THINKING_MS))
      const rating = random.pick(RATINGS)
      const text = random.pick(SAID[rating])
      sequence += 1
      waiting.push({
        at: postedAt,
        review: {
          source: 'reviews',
          id: `${series}-${sequence}`,
          type: 'review.posted',
          store: order.store,
          eventTime: formatInstant(postedAt),
          sku: random.pick(order.lines).sku,
          rating,
          ...(text === '' ? {} : { text }),
          ...(order.customer === undefined ? {} : { customer: order.customer }),
        },
      })
    },
    take(now) {
      if (now < nextFile) return null
      nextFile = now + FILE_EVERY_MS
      const posted = waiting.filter(({ at }) => at <= now)
      waiting = waiting.filter(({ at }) => at > now)
      if (posted.length === 0) return null
      return {
        name: `reviews-${formatInstant(now).slice(0, 19).replaceAll(':', '')}.ndjson`,
        content: posted.map(({ review }) => `${JSON.stringify(review)}\n`).join(''),
      }
    },
  }
}
