import { businessDayOf, businessDaySpan } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { newShopState, openShop, type ShopState, sourceOf, type TradingShop } from '#seed/shop/shop-state.ts'
import { openingStock } from '#seed/shop/stock.ts'
import { closingOf, openingOf } from '#seed/world/demand.ts'
import { createRandom } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'
import {
  type Arrival,
  createLink,
  drawOutage,
  type Journal,
  journalArrivals,
  type Link,
  reviewsImportedAt,
} from './arrivals.ts'
import { tradeDay } from './business-day.ts'
import { transfersOf } from './transfers.ts'

/** A shop at the end of its history. */
export interface ShopEnd {
  state: ShopState
  /** What its tills wrote and nobody has delivered yet, oldest first: the last whole day, and today so far. */
  journals: Journal[]
  missed: MissedSales[]
}

/** What empty shelves cost on a business day, which nobody outside the world knows. */
export interface MissedSales {
  store: string
  sku: string
  businessDay: BusinessDay
  units: number
}

/** How often a till is offline for some time in a day. */
const OUTAGE_CHANCE = 0.04

/**
 * The history of one shop over the `days` business days before that of `until` and the part of that day that
 * is over, in the order of arrival.
 */
export function* shopHistory(
  world: World,
  shop: Shop,
  { days, until }: { days: number; until: Instant },
): Generator<Arrival, ShopEnd> {
  const missed = new Map<string, MissedSales>()
  const trading = openShop({
    onMissed({ day, product, units }) {
      const sku = world.products[product]?.sku ?? ''
      const known = missed.get(`${day} ${sku}`)
      if (known) known.units += units
      else missed.set(`${day} ${sku}`, { store: shop.id, sku, businessDay: day, units })
    },
    world,
    shop,
    state: newShopState(world),
    random: createRandom(world.randomSeed, 'history', shop.id),
    series: 'h',
  })
  const today = businessDayOf(until, shop)
  const firstDay = addDays(today, -days)
  const lastDelivered = addDays(today, -2)
  const journals: Journal[] = []
  let waiting: Arrival[] = []
  for (let day = firstDay; day <= today; day = addDays(day, 1)) {
    const { start, end } = businessDaySpan(day, shop)
    const journal: Journal = { store: shop.id, businessDay: day, part: day === today ? 0 : null, events: [] }
    const linkOf = linksOf(trading, day)
    const transfers = transfersOf(world, shop, { day, days, until })
    const opening =
      day === firstDay && start <= until ? [{ at: start, event: openingStock(trading, start) }] : []
    for (const { at, event } of [...opening, ...tradeDay(trading, { day, until, transfers })]) {
      if (event.type === 'review.posted') {
        waiting.push({ event, class: 'bulk', appendedAt: reviewsImportedAt(at) })
      } else if (shop.input === 'journal') journal.events.push(event)
      else {
        // At `until` every line is up again: what was sent has arrived.
        waiting.push({ event, class: 'live', appendedAt: Math.min(linkOf(event.source)(at), until) })
      }
    }
    if (day <= lastDelivered) {
      for (const arrival of journalArrivals(world.randomSeed, shop, journal)) waiting.push(arrival)
    } else if (journal.events.length > 0) journals.push(journal)
    // Stable: what arrives together keeps the order in which it was sent.
    waiting.sort((left, right) => left.appendedAt - right.appendedAt)
    const isOver = (arrival: Arrival) => arrival.appendedAt < end || day === today
    yield* waiting.filter(isOver)
    waiting = waiting.filter(arrival => !isOver(arrival))
  }
  trading.state.tradedUntil = until
  return { state: trading.state, journals, missed: [...missed.values()] }
}

/** The lines of a shop's senders on one day, by source. */
function linksOf({ shop, world }: TradingShop, day: BusinessDay): (source: string) => Link {
  const links = new Map<string, Link>()
  const open = { from: openingOf(shop, day), to: closingOf(shop, day) }
  return source => {
    const known = links.get(source)
    if (known) return known
    const random = createRandom(world.randomSeed, 'link', source, day)
    const isTill = shop.registers.some(register => sourceOf(shop, register) === source)
    const outage = isTill ? drawOutage(random, { ...open, chance: OUTAGE_CHANCE }) : null
    const link = createLink(random, outage)
    links.set(source, link)
    return link
  }
}
