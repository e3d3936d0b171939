import { businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { cancel, closeTill, sell, takeBack } from '../shop/sales.ts'
import type { TradingShop } from '../shop/shop-state.ts'
import { breakOne, countShelves, openingStock, receiveDue, reorder } from '../shop/stock.ts'
import { createTimeQueue } from '../time-queue.ts'
import { closingOf } from '../world/demand.ts'

/** A shop that trades now. Asked at every step what happens in it; knows no clock of its own. */
export interface LiveShop {
  /** What happened since the step before. @param ordersPerMinute how fast it sells */
  step(now: Instant, ordersPerMinute: number): SentEvent[]
}

const VOIDED = 0.012
const RETURNED = 0.03
const BROKEN = 0.003
const REORDER_EVERY_MS = 2 * MINUTE_MS
const COUNT_EVERY_MS = 10 * MINUTE_MS
const SHELVES_COUNTED = 4
/** Now and then a supplier is late by so much, and shelves run low. */
const SUPPLIER_LATE = { chance: 0.15, factor: 3 }
/** A till sends its Z report so long after closing. */
const CLOSING_MS = 4 * MINUTE_MS

/** A machine that slept sold nothing meanwhile. */
const LONGEST_STEP_MS = 5 * SECOND_MS

/**
 * @param dayMs in what time it sells what the seeded shop sells in a day: its suppliers hurry in proportion
 */
export function createLiveShop(
  trading: TradingShop,
  { startedAt, dayMs }: { startedAt: Instant; dayMs: number },
): LiveShop {
  const { shop, state, random } = trading
  for (const delivery of state.deliveries) {
    delivery.dueAt = Math.min(delivery.dueAt, startedAt + random.integer(MINUTE_MS, Math.ceil(dayMs)))
  }
  const later = createTimeQueue<(at: Instant) => SentEvent | null>()
  let steppedAt = startedAt
  let nextReorder = startedAt + random.integer(0, REORDER_EVERY_MS)
  let nextCount = startedAt + random.integer(MINUTE_MS, COUNT_EVERY_MS)

  function trade(at: Instant): (SentEvent | null)[] {
    const register = shop.registers.length === 0 ? null : random.pick(shop.registers)
    const order = sell(trading, at, register)
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

  function keepStock(now: Instant): (SentEvent | null)[] {
    const happened: (SentEvent | null)[] = receiveDue(trading, now)
    if (now >= nextReorder) {
      nextReorder = now + REORDER_EVERY_MS
      happened.push(
        ...reorder(trading, now, {
          dueAt: days =>
            Math.ceil(now + days * dayMs * (random.chance(SUPPLIER_LATE.chance) ? SUPPLIER_LATE.factor : 1)),
          wanted: product => trading.policies[product]?.orderUpTo ?? 0,
        }),
      )
    }
    if (now >= nextCount) {
      nextCount = now + COUNT_EVERY_MS
      const first = random.integer(0, trading.world.products.length - SHELVES_COUNTED)
      happened.push(
        countShelves(
          trading,
          now,
          Array.from({ length: SHELVES_COUNTED }, (_, index) => first + index),
        ),
      )
    }
    return happened
  }

  function closeTills(now: Instant): SentEvent[] {
    return Object.entries(state.tills).flatMap(([register, { businessDay }]) => {
      const isOver =
        businessDay < businessDayOf(now, shop) || now >= closingOf(shop, businessDay) + CLOSING_MS
      return isOver ? [closeTill(trading, now, register, businessDay)] : []
    })
  }

  return {
    step(now, ordersPerMinute) {
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
      happened.push(...keepStock(now), ...closeTills(now))
      return happened.filter(event => event !== null)
    },
  }
}
