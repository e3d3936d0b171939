import { businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { indexOf } from '#seed/shop/apply-event.ts'
import { cancel, closeTill, sell, takeBack } from '#seed/shop/sales.ts'
import { type OrderPlaced, registerOf, type TradingShop } from '#seed/shop/shop-state.ts'
import { breakOne, countShelves, openingStock, receiveDue, reorder } from '#seed/shop/stock.ts'
import { cardOfCustomer } from '#seed/shop/till-hands.ts'
import { closingOf } from '#seed/world/demand.ts'
import type { Random } from '#seed/world/random.ts'
import { createTimeQueue } from '#seed/world/time-queue.ts'
import { MOST_OFF_MS } from './sender.ts'

const VOIDED = 0.012
const RETURNED = 0.03
const BROKEN = 0.003
const REORDER_EVERY_MS = 2 * MINUTE_MS
/** Until then one sees what there is to order. */
const BUYER_EVERY_MS = HOUR_MS
const COUNT_EVERY_MS = 10 * MINUTE_MS
const SHELVES_COUNTED = 4
/** A supplier that is late takes so many of its lead times more, and shelves run low. */
const LATE_FACTOR = 2
/** A till sends its Z report so long after closing. */
const CLOSING_MS = 4 * MINUTE_MS

/** A machine that slept sold nothing meanwhile. */
const LONGEST_STEP_MS = 5 * SECOND_MS

/**
 * A count tells of some seconds ago, of shelves that were quiet around then: whichever side of it a sale is on
 * by the shop's clock, it is on by the till's.
 */
const COUNTED_AGO_MS = MOST_OFF_MS + 2 * SECOND_MS
const QUIET_MS = 2 * COUNTED_AGO_MS

/**
 * A shop that trades now. Asked at every step what happens in it; knows no clock of its own.
 * @param dayMs in what time it sells what the seeded shop sells in a day: its suppliers hurry in proportion
 */
export function createLiveShop(
  trading: TradingShop,
  { startedAt, dayMs }: { startedAt: Instant; dayMs: number },
) {
  const { shop, state, random } = trading
  for (const delivery of state.deliveries) {
    delivery.dueAt = Math.min(delivery.dueAt, startedAt + random.integer(MINUTE_MS, Math.ceil(dayMs)))
  }
  const later = createTimeQueue<(at: Instant) => SentEvent | null>()
  const orderInSession = shop.channel === 'online' ? createWebSessions(random) : null
  const movedAt = trading.world.products.map(() => startedAt)
  let steppedAt = startedAt
  let nextReorder = startedAt + random.integer(0, REORDER_EVERY_MS)
  let nextBuyer = startedAt + BUYER_EVERY_MS
  let nextCount = startedAt + random.integer(MINUTE_MS, COUNT_EVERY_MS)

  function trade(at: Instant): (SentEvent | null)[] {
    const register = registerOf(trading)
    const order = sell(trading, at, register)
    if (order) orderInSession?.(order, at)
    if (order && random.chance(VOIDED)) {
      later.add(at + random.integer(20 * SECOND_MS, 90 * SECOND_MS), now =>
        // Its till may have closed the day meanwhile: then it would be a return.
        businessDayOf(now, shop) === businessDayOf(at, shop) ? cancel(trading, now, order) : null,
      )
    }
    return [
      order,
      random.chance(RETURNED) ? takeBack(trading, at, register) : null,
      random.chance(BROKEN) ? breakOne(trading, at) : null,
    ]
  }

  function keepStock(now: Instant, deliveriesHeld: boolean): (SentEvent | null)[] {
    const happened: (SentEvent | null)[] = deliveriesHeld ? [] : receiveDue(trading, now)
    for (const event of happened) if (event) note(event, now)
    if (now >= nextReorder) {
      nextReorder = now + REORDER_EVERY_MS
      const withBuyer = now >= nextBuyer
      if (withBuyer) nextBuyer = now + BUYER_EVERY_MS
      happened.push(
        ...reorder(trading, now, {
          dueAt: days => Math.ceil(now + days * dayMs),
          delayMs: ({ unreliability, leadTimeDays }) =>
            random.chance(unreliability) ? Math.ceil(leadTimeDays * dayMs * LATE_FACTOR) : 0,
          withBuyer,
        }),
      )
    }
    if (now >= nextCount) {
      nextCount = now + COUNT_EVERY_MS
      happened.push(countShelves(trading, now - COUNTED_AGO_MS, quietShelves(now)))
    }
    return happened
  }

  function quietShelves(now: Instant): number[] {
    const first = random.integer(0, movedAt.length - 1)
    return movedAt
      .map((_, index) => (first + index) % movedAt.length)
      .filter(product => (movedAt[product] ?? 0) < now - QUIET_MS)
      .slice(0, SHELVES_COUNTED)
  }

  /** Tells of something else that happened in it. */
  function note(event: SentEvent, at: Instant): void {
    if (!('lines' in event)) return
    for (const { sku } of event.lines) movedAt[indexOf(trading, sku)] = at
  }

  function closeTills(now: Instant): SentEvent[] {
    return Object.entries(state.tills).flatMap(([register, { businessDay }]) => {
      const isOver =
        businessDay < businessDayOf(now, shop) || now >= closingOf(shop, businessDay) + CLOSING_MS
      return isOver ? [closeTill(trading, now, register, businessDay)] : []
    })
  }

  return {
    trading,
    note,
    /**
     * What happened since the step before.
     * @param deliveriesHeld goods that are due stay away
     */
    step(
      now: Instant,
      { ordersPerMinute, deliveriesHeld }: { ordersPerMinute: number; deliveriesHeld: boolean },
    ): SentEvent[] {
      steppedAt = Math.max(steppedAt, now - LONGEST_STEP_MS)
      const passed = now - steppedAt
      const happened: (SentEvent | null)[] = []
      if (state.onHand === null) happened.push(openingStock(trading, now))
      // Strictly between two steps: a sale at the very instant of a count would be part of the count.
      const times = Array.from({ length: random.poisson((ordersPerMinute * passed) / MINUTE_MS) }, () =>
        Math.floor(steppedAt + 1 + random.next() * (passed - 1)),
      )
      steppedAt = now
      for (const at of times.sort((left, right) => left - right)) happened.push(...trade(at))
      for (let due = later.nextAt(); due !== null && due <= now; due = later.nextAt()) {
        happened.push(later.take()?.item(now) ?? null)
      }
      for (const event of happened) if (event) note(event, now)
      happened.push(...keepStock(now, deliveriesHeld), ...closeTills(now))
      return happened.filter(event => event !== null)
    },
  }
}

const BROWSING_MS = 6 * MINUTE_MS
/** Sessions for one that orders. */
const VISITORS_PER_ORDER = 4
const ORDERS_AGAIN = 0.08
const MOST_SESSIONS = 5_000

interface Session {
  id: string
  leavesAt: Instant
  customer: string | null
}

/**
 * Who is in the web shop. Most look around and leave; a few order, and fewer a second time.
 * @returns gives an order to one of the sessions: its id, and its customer for every order after the first
 */
function createWebSessions(random: Random): (order: OrderPlaced, at: Instant) => void {
  let sessions: Session[] = []

  function arrive(at: Instant): void {
    sessions = sessions.filter(({ leavesAt }) => leavesAt > at)
    for (let count = 0; count < VISITORS_PER_ORDER && sessions.length < MOST_SESSIONS; count += 1) {
      sessions.push({
        id: `s-${random.integer(0, 0xffffffff).toString(16).padStart(8, '0')}`,
        leavesAt: at + Math.ceil(random.exponential(BROWSING_MS)),
        customer: null,
      })
    }
  }

  return (order, at) => {
    arrive(at)
    const place = random.integer(0, sessions.length - 1)
    const session = sessions[place]
    if (!session) return
    order.session = session.id
    if (session.customer !== null) {
      order.customer = session.customer
      if (order.cardToken !== undefined) order.cardToken = cardOfCustomer(session.customer)
    }
    if (order.customer !== undefined && random.chance(ORDERS_AGAIN)) session.customer = order.customer
    else sessions.splice(place, 1)
  }
}
