import { addDays, type BusinessDay } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { createWeightedPick } from '../random.ts'
import { cancel, closeTill, sell, takeBack } from '../shop/sales.ts'
import type { TradingShop } from '../shop/shop-state.ts'
import { breakOne, countShelves, receiveDue, reorder } from '../shop/stock.ts'
import { createTimeQueue } from '../time-queue.ts'
import { closingOf, expectedOrders, hourlyDemand, openingOf } from '../world/demand.ts'

/** Something that a shop does at a time of its day. It may put more of them in the queue. */
type Doing = (at: Instant) => readonly (SentEvent | null)[]

export interface Happening {
  at: Instant
  event: SentEvent
}

const VOIDED = 0.012
const RETURNED = 0.03
const BREAKAGES_A_DAY = 0.7
const SHELVES_COUNTED_A_DAY = 25
/** Deliveries come before the doors open; the web shop's warehouse takes them in at six. */
const FIRST_DELIVERY_HOUR = 6

/** Everything that happens in a shop on one business day, up to `until`, in the order it happens. */
export function* tradeDay(trading: TradingShop, day: BusinessDay, until: Instant): Generator<Happening> {
  const { shop, random } = trading
  const queue = createTimeQueue<Doing>()
  const opening = openingOf(shop, day)
  const closing = closingOf(shop, day)
  planMorning(trading, queue, day)
  planSales(trading, queue, day)
  for (let count = random.poisson(BREAKAGES_A_DAY); count > 0; count -= 1) {
    queue.add(random.integer(opening, closing - 1), at => [breakOne(trading, at)])
  }
  planEvening(trading, queue, day)
  for (let next = queue.take(); next && next.at <= until; next = queue.take()) {
    for (const event of next.item(next.at)) if (event) yield { at: next.at, event }
  }
}

function planMorning(trading: TradingShop, queue: Queue, day: BusinessDay): void {
  const { shop, random, world } = trading
  const delivery = deliveryTimeOf(trading, day)
  queue.add(delivery, at => receiveDue(trading, at))
  const first = random.integer(0, world.products.length - 1)
  const shelves = Array.from(
    { length: SHELVES_COUNTED_A_DAY },
    (_, index) => (first + index) % world.products.length,
  )
  queue.add(delivery + 10 * MINUTE_MS, at => [countShelves(trading, at, shelves)])
  // What was ordered last: the web shop orders at noon what its night has emptied.
  if (shop.channel === 'online')
    queue.add(openingOf(shop, day) + 12 * HOUR_MS, at => orderStock(trading, at, day))
}

function planSales(trading: TradingShop, queue: Queue, day: BusinessDay): void {
  const { shop, random, world } = trading
  const opening = openingOf(shop, day)
  const pickHour = createWeightedPick(hourlyDemand(shop))
  const orders = random.poisson(expectedOrders(world, shop, day))
  for (let count = 0; count < orders; count += 1) {
    queue.add(opening + pickHour(random) * HOUR_MS + random.integer(0, HOUR_MS - 1), at => {
      const order = sell(trading, at, registerOf(trading))
      if (order && random.chance(VOIDED)) {
        // Before the tills close: afterwards it would be a return.
        const voidedAt = at + random.integer(MINUTE_MS, 6 * MINUTE_MS)
        if (voidedAt < closingOf(shop, day)) queue.add(voidedAt, later => [cancel(trading, later, order)])
      }
      return [order]
    })
  }
  for (let count = random.poisson(orders * RETURNED); count > 0; count -= 1) {
    queue.add(opening + pickHour(random) * HOUR_MS + random.integer(0, HOUR_MS - 1), at => [
      takeBack(trading, at, registerOf(trading)),
    ])
  }
}

function planEvening(trading: TradingShop, queue: Queue, day: BusinessDay): void {
  const { shop } = trading
  const closing = closingOf(shop, day)
  for (const [index, register] of shop.registers.entries()) {
    queue.add(closing + (4 + 3 * index) * MINUTE_MS, at => [closeTill(trading, at, register, day)])
  }
  if (shop.channel === 'pos') queue.add(closing + 20 * MINUTE_MS, at => orderStock(trading, at, day))
}

type Queue = ReturnType<typeof createTimeQueue<Doing>>

function orderStock(trading: TradingShop, at: Instant, day: BusinessDay): SentEvent[] {
  return reorder(trading, at, {
    dueAt: leadTimeDays => deliveryTimeOf(trading, addDays(day, leadTimeDays)),
    wanted: product => trading.policies[product]?.orderUpTo ?? 0,
  })
}

function deliveryTimeOf({ shop }: TradingShop, day: BusinessDay): Instant {
  const hour = Math.max(FIRST_DELIVERY_HOUR, shop.opens - 1)
  return openingOf(shop, day) + (hour - shop.opens) * HOUR_MS
}

function registerOf({ shop, random }: TradingShop): string | null {
  return shop.registers.length === 0 ? null : random.pick(shop.registers)
}
