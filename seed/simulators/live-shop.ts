import { businessDayOf } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { indexOf } from '#seed/shop/apply-event.ts'
import { cancel, closeTill, sell, takeBack } from '#seed/shop/sales.ts'
import { type OrderPlaced, registerOf, type TradingShop } from '#seed/shop/shop-state.ts'
import { breakOne, countShelves, openingStock, receiveDue } from '#seed/shop/stock.ts'
import { countingTimeOf, orderOfDay, orderTimeOf, SHELVES_COUNTED_A_DAY } from '#seed/shop/stock-day.ts'
import { cardOfCustomer } from '#seed/shop/till-hands.ts'
import { closingOf } from '#seed/world/demand.ts'
import type { Random } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'
import { createTimeQueue } from '#seed/world/time-queue.ts'
import { MOST_OFF_MS } from './sender.ts'

const VOIDED = 0.012
const RETURNED = 0.03
const BROKEN = 0.003
/** A till sends its Z report so long after closing. */
const CLOSING_MS = 4 * MINUTE_MS

/** A machine that slept sold nothing meanwhile. */
const LONGEST_STEP_MS = 5 * SECOND_MS
/** Of what its tills sold while nobody played them, so much is made up for: a start, and no night. */
const MOST_BACKLOG_MS = 15 * MINUTE_MS

/**
 * A count tells of some seconds ago, of shelves that were quiet around then: whichever side of it a sale is on
 * by the shop's clock, it is on by the till's.
 */
const COUNTED_AGO_MS = MOST_OFF_MS + 2 * SECOND_MS
const QUIET_MS = 2 * COUNTED_AGO_MS

/** How a shop is asked to trade in a step. */
interface Step {
  /** Of its sales, all told. */
  ordersPerMinute: number
  /** How many times faster than clocks the days of its stock room pass. */
  stockSpeed: number
  /** Goods that are due stay away. */
  deliveriesHeld: boolean
}

/**
 * A shop that trades now, on from where its history or its last run ended. Asked at every step what happens in it; knows
 * no clock of its own.
 */
export function createLiveShop(trading: TradingShop, startedAt: Instant) {
  const { shop, state, random } = trading
  if (state.tradedUntil === 0) state.tradedUntil = startedAt
  const later = createTimeQueue<(at: Instant) => SentEvent | null>()
  const orderInSession = shop.channel === 'online' ? createWebSessions(random) : null
  const movedAt = trading.world.products.map(() => startedAt)
  let hasBacklog = startedAt - state.tradedUntil <= MOST_BACKLOG_MS

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

  /**
   * What its stock room does between two times of its own clock: what was due meanwhile is done once, now.
   */
  function keepStock(
    now: Instant,
    { from, to, stockSpeed, deliveriesHeld }: { from: Instant; to: Instant } & Omit<Step, 'ordersPerMinute'>,
  ): (SentEvent | null)[] {
    const happened: (SentEvent | null)[] = deliveriesHeld ? [] : receiveDue(trading, now, to)
    for (const event of happened) if (event) note(event, now)
    const today = businessDayOf(to, shop)
    const dayOf = (timeOf: (shop: Shop, day: BusinessDay) => Instant) =>
      [today, addDays(today, -1)].find(day => timeOf(shop, day) > from && timeOf(shop, day) <= to)
    const orderDay = dayOf(orderTimeOf)
    if (orderDay !== undefined) {
      const saidAt = (dueAt: Instant) => Math.ceil(now + (dueAt - to) / stockSpeed)
      happened.push(...orderOfDay(trading, now, { day: orderDay, saidAt }))
    }
    if (dayOf(countingTimeOf) !== undefined)
      happened.push(countShelves(trading, now - COUNTED_AGO_MS, quietShelves(now)))
    return happened
  }

  function quietShelves(now: Instant): number[] {
    const first = random.integer(0, movedAt.length - 1)
    return movedAt
      .map((_, index) => (first + index) % movedAt.length)
      .filter(product => (movedAt[product] ?? 0) < now - QUIET_MS)
      .slice(0, SHELVES_COUNTED_A_DAY)
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
    /** What happened since the step before. */
    step(now: Instant, { ordersPerMinute, stockSpeed, deliveriesHeld }: Step): SentEvent[] {
      const from = state.tradedUntil
      const steppedAt = hasBacklog ? from : Math.max(from, now - LONGEST_STEP_MS)
      hasBacklog = false
      const passed = Math.max(0, now - steppedAt)
      const happened: (SentEvent | null)[] = []
      if (state.onHand === null) happened.push(openingStock(trading, now))
      // Strictly between two steps: a sale at the very instant of a count would be part of the count.
      const times = Array.from({ length: random.poisson((ordersPerMinute * passed) / MINUTE_MS) }, () =>
        Math.floor(steppedAt + 1 + random.next() * (passed - 1)),
      )
      for (const at of times.sort((left, right) => left - right)) happened.push(...trade(at))
      for (let due = later.nextAt(); due !== null && due <= now; due = later.nextAt()) {
        happened.push(later.take()?.item(now) ?? null)
      }
      for (const event of happened) if (event) note(event, now)
      const stockFrom = from + state.aheadMs
      state.aheadMs += Math.round((stockSpeed - 1) * passed)
      state.tradedUntil = now
      const stock = { from: stockFrom, to: now + state.aheadMs, stockSpeed, deliveriesHeld }
      happened.push(...keepStock(now, stock), ...closeTills(now))
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
