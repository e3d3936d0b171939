import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import type { EventClass } from '#domain/log-event.ts'
import { closingOf } from '#seed/world/demand.ts'
import { createRandom, type Random } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'

/** An event with the time at which the log got it. */
export interface Arrival {
  event: SentEvent
  class: EventClass
  appendedAt: Instant
}

/** Tells when what a sender sends at some time arrives in the log. Times go in, and come out, in order. */
export type Link = (sentAt: Instant) => Instant

const TYPICAL_DELAY_MS = 350
const LEAST_DELAY_MS = 60
const MOST_DELAY_MS = 6_000
/** A sender that loses its line for a minute or two: what it held back arrives at once, and late. */
const HOLD = { chance: 0.003, leastMs: 45_000, mostMs: 150_000 }
/** Between two events of a backlog that is sent at last. */
const BACKLOG_STEP_MS = 20

/** A stretch in which a sender is offline. */
interface Outage {
  from: Instant
  to: Instant
}

/** The line of one sender: nearly always a fraction of a second, now and then minutes, never out of order. */
export function createLink(random: Random, outage: Outage | null): Link {
  let lastArrival = 0
  let heldUntil = 0
  return sentAt => {
    if (outage && sentAt >= outage.from && sentAt < outage.to) heldUntil = Math.max(heldUntil, outage.to)
    else if (random.chance(HOLD.chance)) heldUntil = sentAt + random.integer(HOLD.leastMs, HOLD.mostMs)
    const delay = Math.min(MOST_DELAY_MS, LEAST_DELAY_MS + random.exponential(TYPICAL_DELAY_MS))
    const earliest = Math.max(sentAt + delay, heldUntil)
    lastArrival = Math.round(Math.max(earliest, lastArrival + (heldUntil > sentAt ? BACKLOG_STEP_MS : 1)))
    return lastArrival
  }
}

/** Whether a till is offline for a while between two times of a day, and when. */
export function drawOutage(random: Random, { from, to, chance }: Outage & { chance: number }): Outage | null {
  if (!random.chance(chance)) return null
  const start = random.integer(from, Math.max(from, to - 20 * MINUTE_MS))
  return { from: start, to: start + random.integer(12 * MINUTE_MS, 50 * MINUTE_MS) }
}

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

const EVERY_MS = 30 * MINUTE_MS
/** Between the half hour and the commit. */
const IMPORT_MS = 8 * SECOND_MS

/** When the log gets a review: with all others of its half hour, just after it. */
export function reviewsImportedAt(postedAt: Instant): Instant {
  return Math.ceil(postedAt / EVERY_MS) * EVERY_MS + IMPORT_MS
}
