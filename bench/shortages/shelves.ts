import { businessDayOf } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import {
  afterPurchase,
  NOTHING_ORDERED,
  openUnits,
  type PurchaseLine,
  purchaseEffects,
} from '#domain/purchase.ts'
import { NO_SALES_PACE, type SalesPace, withSale } from '#domain/replenishment/pace-of-sales.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import type { Shop } from '#seed/world/stores.ts'

/** A product in a store, as those know it who read the log up to some entry. */
export interface Shelf {
  store: string
  sku: string
  /** Null: unknown, there was no count and no receipt yet. */
  onHand: number | null
  /** Those of which something is still to come. */
  orders: Map<string, PurchaseLine>
  /** How fast it sells of late. */
  pace: SalesPace
}

/** Shelves by what the log says of them, event by event in the order they are given. */
export class Shelves {
  readonly #shelves = new Map<string, Shelf>()

  all(): IterableIterator<Shelf> {
    return this.#shelves.values()
  }

  /** Those that the event moved, or ordered for. */
  apply(event: LogEvent): Shelf[] {
    const touched = new Set<Shelf>()
    for (const { sku, kind, units } of stockEffects(event)) {
      const shelf = this.#of(event.store, sku)
      if (kind === 'counted') shelf.onHand = units
      else if (shelf.onHand !== null) shelf.onHand += units
      else if (kind === 'received') shelf.onHand = units
      if (kind === 'sold') shelf.pace = withSale(shelf.pace, event.eventTime, -units)
      touched.add(shelf)
    }
    for (const effect of purchaseEffects(event)) {
      const shelf = this.#of(event.store, effect.sku)
      const line = afterPurchase(
        shelf.orders.get(effect.purchaseOrder) ?? NOTHING_ORDERED,
        effect,
        event.eventTime,
      )
      if (openUnits(line) === 0) shelf.orders.delete(effect.purchaseOrder)
      else shelf.orders.set(effect.purchaseOrder, line)
      touched.add(shelf)
    }
    return [...touched]
  }

  #of(store: string, sku: string): Shelf {
    const key = `${store} ${sku}`
    let shelf = this.#shelves.get(key)
    if (!shelf) {
      shelf = { store, sku, onHand: null, orders: new Map(), pace: NO_SALES_PACE }
      this.#shelves.set(key, shelf)
    }
    return shelf
  }
}

/** Units on order of a shelf. */
export function onOrderOf({ orders }: Shelf): number {
  let units = 0
  for (const line of orders.values()) units += openUnits(line)
  return units
}

/** A shelf that was empty, by the times at which things happened. */
export interface EmptySpan {
  store: string
  sku: string
  from: Instant
  /** When something lay on it again; null: not yet. */
  to: Instant | null
  /** What customers wanted meanwhile, of the days that it touches. */
  missed: number
}

/**
 * When shelves were empty in truth.
 * @param events in the order in which they happened
 * @param missedOn units missed of a product in a store on a business day
 */
export function emptySpans(
  events: Iterable<LogEvent>,
  {
    shops,
    missedOn,
  }: { shops: readonly Shop[]; missedOn(store: string, sku: string, day: BusinessDay): number },
): EmptySpan[] {
  const stores = new Map(shops.map(shop => [shop.id, shop]))
  const shelves = new Shelves()
  const open = new Map<Shelf, EmptySpan>()
  const spans: EmptySpan[] = []
  const dayOf = (store: string, at: Instant) => {
    const shop = stores.get(store)
    return shop ? businessDayOf(at, shop) : ''
  }
  for (const event of events) {
    for (const shelf of shelves.apply(event)) {
      const span = open.get(shelf)
      const isEmpty = shelf.onHand !== null && shelf.onHand <= 0
      if (isEmpty && !span) {
        const begun = { store: shelf.store, sku: shelf.sku, from: event.eventTime, to: null, missed: 0 }
        open.set(shelf, begun)
        spans.push(begun)
      } else if (!isEmpty && span) {
        span.to = event.eventTime
        open.delete(shelf)
      }
    }
  }
  for (const span of spans) {
    const days = new Set([dayOf(span.store, span.from), dayOf(span.store, span.to ?? span.from)])
    for (const day of days) span.missed += missedOn(span.store, span.sku, day)
  }
  return spans
}
