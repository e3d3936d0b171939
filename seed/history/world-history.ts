import { bodyHashOf } from '#domain/canonical.ts'
import { enrich } from '#domain/enrich.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { ShopState } from '#seed/shop/shop-state.ts'
import { createTimeQueue } from '#seed/world/time-queue.ts'
import type { World } from '#seed/world/world.ts'
import type { Arrival, Journal } from './arrivals.ts'
import { type MissedSales, type ShopEnd, shopHistory } from './shop-history.ts'
import { warehouseOf } from './transfers.ts'

export interface HistorySpan {
  /** Whole business days before the one of `until`. */
  days: number
  until: Instant
}

/** How a world stands at the end of its history. */
export interface WorldEnd {
  /** By store. */
  shops: Record<string, ShopState>
  /** What journal stores wrote down and nobody has delivered yet. */
  journals: Journal[]
  /** What empty shelves cost. */
  missed: MissedSales[]
}

/**
 * What shops sent, in the order it arrived.
 * @param stores only these: no shop's history depends on another's
 */
export function* worldHistory(
  world: World,
  span: HistorySpan,
  stores?: ReadonlySet<string>,
): Generator<Arrival, WorldEnd> {
  // One generator a shop, each a day ahead at most: memory does not grow with the days.
  const queue = createTimeQueue<{ arrival: Arrival; store: string; rest: Generator<Arrival, ShopEnd> }>()
  const end: WorldEnd = { shops: {}, journals: [], missed: [] }
  const advance = (store: string, rest: Generator<Arrival, ShopEnd>) => {
    const next = rest.next()
    if (!next.done) queue.add(next.value.appendedAt, { arrival: next.value, store, rest })
    else {
      end.shops[store] = next.value.state
      end.journals.push(...next.value.journals)
      end.missed.push(...next.value.missed)
    }
  }
  for (const shop of world.shops) {
    if (stores?.has(shop.id) ?? true) advance(shop.id, shopHistory(world, shop, span))
  }
  for (let next = queue.take(); next; next = queue.take()) {
    const { arrival, store, rest } = next.item
    yield arrival
    advance(store, rest)
  }
  return end
}

/**
 * The history as the log stores it: enriched as the intake would have done at that time.
 * @param partitions only these, in the order that they have among all
 * @throws when the world sent something that the intake would have refused: a fault of the generators
 */
export function* enrichedHistory(
  world: World,
  span: HistorySpan,
  partitions?: ReadonlySet<number>,
): Generator<{ event: LogEvent; appendedAt: Instant }, WorldEnd> {
  const stores = new Map(world.shops.map(shop => [shop.id, shop]))
  const isWanted = (store: string) => partitions?.has(stores.get(store)?.partition ?? -1) ?? true
  // The warehouse tells of both ends of a transfer, of which one may be wanted.
  const needed = world.shops.filter(shop => isWanted(shop.id) || shop === warehouseOf(world))
  const history = worldHistory(world, span, new Set(needed.map(shop => shop.id)))
  for (;;) {
    const next = history.next()
    if (next.done) {
      const { shops, journals, missed } = next.value
      return {
        shops: Object.fromEntries(Object.entries(shops).filter(([store]) => isWanted(store))),
        journals: journals.filter(({ store }) => isWanted(store)),
        missed: missed.filter(({ store }) => isWanted(store)),
      }
    }
    const { event, class: eventClass, appendedAt } = next.value
    if (!isWanted(event.store) && event.type !== 'stock.transferred') continue
    const result = enrich(event, { stores, now: appendedAt, class: eventClass, bodyHash: bodyHashOf(event) })
    if ('rejection' in result) {
      throw new Error(
        `the seeded ${event.type} ${event.source}/${event.id} is refused: ${result.rejection.detail}`,
      )
    }
    for (const enriched of result.events) {
      if (partitions?.has(enriched.partition) ?? true) yield { event: enriched, appendedAt }
    }
  }
}
