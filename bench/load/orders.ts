import { enrich, type Store } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { formatAmount } from '#domain/money.ts'
import type { Random } from '#seed/world/random.ts'
import { bodyHashOf } from '#server/log/body-hash.ts'
import type { BenchWorld } from './bench-world.ts'

export const LINES_PER_ORDER = 3
const TILLS_PER_STORE = 3

/** An order of three lines. @param number gives it its id: fixed width, so that bodies can be patched */
export function orderOf(
  world: BenchWorld,
  { random, store, number, at }: { random: Random; store: Store; number: number; at: Instant },
): SentEvent {
  const id = idOf(number)
  return {
    source: `till-${store.id}-${(number % TILLS_PER_STORE) + 1}`,
    id,
    type: 'order.placed',
    store: store.id,
    channel: 'pos',
    eventTime: formatInstant(at),
    orderId: `o-${id}`,
    currency: store.currency,
    tender: random.chance(0.7) ? 'card' : 'cash',
    ...(random.chance(0.4) ? { customer: `c-${random.integer(10_000, 99_999)}` } : {}),
    lines: Array.from({ length: LINES_PER_ORDER }, () => {
      const sku = world.pickSku(random)
      return {
        sku: world.skus[sku] ?? '',
        units: random.integer(1, 4),
        unitPrice: formatAmount(world.prices[sku] ?? 0).slice(0, -2),
      }
    }),
  }
}

export function idOf(number: number): string {
  return String(number).padStart(12, '0')
}

/** The order as the log stores it. */
export function loggedOrder(
  world: BenchWorld,
  order: { random: Random; store: Store; number: number; at: Instant },
): LogEvent {
  const event = orderOf(world, order)
  const stores = new Map([[order.store.id, order.store]])
  const result = enrich(event, { stores, now: order.at, class: 'live', bodyHash: bodyHashOf(event) })
  const [first] = 'events' in result ? result.events : []
  if (!first) throw new Error('the load generator made an order that the intake would refuse')
  return first
}
