import type { BusinessDay } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { closingOf } from '../world/demand.ts'
import type { Shop } from '../world/stores.ts'
import type { Arrival } from './shop-history.ts'

/** What the tills and the stock room of a journal store wrote down on a business day. */
export interface Journal {
  store: string
  businessDay: BusinessDay
  /** Which part of the day it is; null when it is the whole day. */
  part: number | null
  /** In the order in which they happened. */
  events: SentEvent[]
}

/** The last till is closed, and what is needed is ordered, well before. */
const DELIVERED = { leastMinutes: 25, mostMinutes: 60 }
const EVENTS_OF_AN_APPEND = 500

/** A journal as the log gets it: in one go, some time after the store has closed. */
export function journalArrivals(randomSeed: number, shop: Shop, journal: Journal): Arrival[] {
  const random = createRandom(randomSeed, 'journal', shop.id, journal.businessDay)
  const { leastMinutes, mostMinutes } = DELIVERED
  const deliveredAt =
    closingOf(shop, journal.businessDay) + random.integer(leastMinutes * MINUTE_MS, mostMinutes * MINUTE_MS)
  return journal.events.map((event, index) => ({
    event,
    class: 'bulk',
    appendedAt: deliveredAt + 20 * Math.floor(index / EVENTS_OF_AN_APPEND),
  }))
}
