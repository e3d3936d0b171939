import { enrich } from '#domain/enrich.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { bodyHashOf } from '#server/log/body-hash.ts'
import type { ShopState } from '../shop/shop-state.ts'
import { createTimeQueue } from '../time-queue.ts'
import type { World } from '../world/world.ts'
import { type Arrival, shopHistory } from './shop-history.ts'

export interface HistorySpan {
  /** Whole business days before the one of `until`. */
  days: number
  until: Instant
}

/** What all shops sent, in the order it arrived, and the shops as they stand at the end, by store. */
export function* worldHistory(
  world: World,
  span: HistorySpan,
): Generator<Arrival, Record<string, ShopState>> {
  // One generator a shop, each a day ahead at most: memory does not grow with the days.
  const queue = createTimeQueue<{ arrival: Arrival; store: string; rest: Generator<Arrival, ShopState> }>()
  const states: Record<string, ShopState> = {}
  const advance = (store: string, rest: Generator<Arrival, ShopState>) => {
    const next = rest.next()
    if (next.done) states[store] = next.value
    else queue.add(next.value.appendedAt, { arrival: next.value, store, rest })
  }
  for (const shop of world.shops) advance(shop.id, shopHistory(world, shop, span))
  for (let next = queue.take(); next; next = queue.take()) {
    const { arrival, store, rest } = next.item
    yield arrival
    advance(store, rest)
  }
  return states
}

/**
 * The history as the log stores it: enriched as the intake would have done at that time.
 * @throws when the world sent something that the intake would have refused: a fault of the generators
 */
export function* enrichedHistory(
  world: World,
  span: HistorySpan,
): Generator<{ event: LogEvent; appendedAt: Instant }, Record<string, ShopState>> {
  const stores = new Map(world.shops.map(shop => [shop.id, shop]))
  const history = worldHistory(world, span)
  for (;;) {
    const next = history.next()
    if (next.done) return next.value
    const { event, appendedAt } = next.value
    const result = enrich(event, { stores, now: appendedAt, class: 'live', bodyHash: bodyHashOf(event) })
    if ('rejection' in result) {
      throw new Error(
        `the seeded ${event.type} ${event.source}/${event.id} is refused: ${result.rejection.detail}`,
      )
    }
    for (const enriched of result.events) yield { event: enriched, appendedAt }
  }
}
