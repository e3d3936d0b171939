import { businessDaySpan } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { reviewOf } from '#seed/shop/reviews.ts'
import { cancel, closeTill, sell, takeBack } from '#seed/shop/sales.ts'
import { demandAt, registerOf, type TradingShop } from '#seed/shop/shop-state.ts'
import { breakOne, countShelves, receiveDue } from '#seed/shop/stock.ts'
import {
  countingTimeOf,
  deliveryTimeOf,
  orderOfDay,
  orderTimeOf,
  SHELVES_COUNTED_A_DAY,
} from '#seed/shop/stock-day.ts'
import { closingOf, hourlyDemand, openingOf } from '#seed/world/demand.ts'
import { createWeightedPick } from '#seed/world/random.ts'
import { createTimeQueue } from '#seed/world/time-queue.ts'
import { reviewsImportedAt } from './arrivals.ts'
import { passOn, type Transfer } from './transfers.ts'

/** Something that a shop does at a time of its day. It may put more of them in the queue. */
type Doing = (at: Instant) => readonly (SentEvent | null)[]

const VOIDED = 0.012
const RETURNED = 0.03
const REVIEWED = 0.06
const BREAKAGES_A_DAY = 1.5

/** Everything that happens in a shop on one business day, up to `until`, in the order it happens. */
export function* tradeDay(
  trading: TradingShop,
  { day, until, transfers }: { day: BusinessDay; until: Instant; transfers: readonly Transfer[] },
): Generator<{ at: Instant; event: SentEvent }> {
  const queue = createTimeQueue<Doing>()
  for (const transfer of transfers) queue.add(transfer.at, () => passOn(trading, transfer))
  planStockRoom(trading, queue, day)
  planSales(trading, queue, { day, until })
  planEvening(trading, queue, day)
  for (let next = queue.take(); next && next.at <= until; next = queue.take()) {
    for (const event of next.item(next.at)) if (event) yield { at: next.at, event }
  }
}

function planStockRoom(trading: TradingShop, queue: Queue, day: BusinessDay): void {
  const { shop, world } = trading
  queue.add(deliveryTimeOf(shop, day), at => receiveDue(trading, at, at))
  // Round and round: the shelves of a day follow those of the day before.
  const first = (Date.parse(`${day}T00:00:00Z`) / DAY_MS) * SHELVES_COUNTED_A_DAY
  const shelves = Array.from(
    { length: SHELVES_COUNTED_A_DAY },
    (_, index) => (first + index) % world.products.length,
  )
  queue.add(countingTimeOf(shop, day), at => [countShelves(trading, at, shelves)])
  queue.add(orderTimeOf(shop, day), at => orderOfDay(trading, at, { day }))
}

function planSales(
  trading: TradingShop,
  queue: Queue,
  { day, until }: { day: BusinessDay; until: Instant },
): void {
  const { shop, random } = trading
  const opening = openingOf(shop, day)
  // Where clocks go forward at night, the web shop's day is an hour short.
  const closing = Math.min(closingOf(shop, day), businessDaySpan(day, shop).end)
  const pickHour = createWeightedPick(hourlyDemand(shop, day))
  const plan = (count: number, doing: Doing) => {
    for (let left = count; left > 0; left -= 1) {
      const at = opening + pickHour(random) * HOUR_MS + random.integer(0, HOUR_MS - 1)
      if (at < closing) queue.add(besideCounts(at), doing)
    }
  }
  const orders = random.poisson(demandAt(trading, opening).orders)
  plan(orders, at => {
    const order = sell(trading, at, registerOf(trading))
    if (order && random.chance(VOIDED)) {
      // Before the tills close: afterwards it would be a return.
      const voidedAt = besideCounts(at + random.integer(MINUTE_MS, 6 * MINUTE_MS))
      if (voidedAt < closing) queue.add(voidedAt, later => [cancel(trading, later, order)])
    }
    return [order]
  })
  plan(random.poisson(orders * RETURNED), at => [takeBack(trading, at, registerOf(trading))])
  plan(random.poisson(orders * REVIEWED), at =>
    reviewsImportedAt(at) <= until ? [reviewOf(trading, at)] : [],
  )
  plan(random.poisson(BREAKAGES_A_DAY), at => [breakOne(trading, at)])
}

/** Shelves are counted at whole seconds: a sale at that very instant would be on both sides of the count. */
function besideCounts(at: Instant): Instant {
  return at % SECOND_MS === 0 ? at + 1 : at
}

function planEvening(trading: TradingShop, queue: Queue, day: BusinessDay): void {
  const { shop } = trading
  const closing = closingOf(shop, day)
  for (const [index, register] of shop.registers.entries()) {
    queue.add(closing + (4 + 3 * index) * MINUTE_MS, at => [closeTill(trading, at, register, day)])
  }
}

type Queue = ReturnType<typeof createTimeQueue<Doing>>
