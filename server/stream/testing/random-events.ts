import { createHash } from 'node:crypto'
import { enrich } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/examples/example-stores.ts'
import { formatInstant, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'

/** A stream of numbers in [0, 1) that a seed repeats (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface RandomEvents {
  random: () => number
  count: number
  /** Begins every id, so that several calls give different events. */
  prefix?: string
  /** Event times lie in [start, start + spanMs). */
  start: Instant
  spanMs?: number
  stores?: readonly string[]
  /** Few skus make many movements of each. */
  skus?: number
  /** Share of events that came in files. */
  bulkShare?: number
}

/**
 * Events of every kind that moves sales or stock, as the intake would log them, in order of their ids and
 * in no order of time. A transfer gives two.
 */
export function randomEvents(options: RandomEvents): LogEvent[] {
  const { random, count, prefix = 'e', start, spanMs = HOUR_MS, bulkShare = 0.1 } = options
  const stores = options.stores ?? [...EXAMPLE_STORES_BY_ID.keys()]
  const draw: Draw = {
    below: limit => Math.floor(random() * limit),
    store: () => stores[Math.floor(random() * stores.length)] ?? 'berlin',
    sku: () => `sku-${Math.floor(random() * (options.skus ?? 8))}`,
  }
  return Array.from({ length: count }, (_, index) => {
    const at = start + Math.floor(random() * spanMs)
    return logged(sentEvent(draw, `${prefix}-${index}`, at), random() < bulkShare ? 'bulk' : 'live')
  }).flat()
}

interface Draw {
  below(limit: number): number
  store(): string
  sku(): string
}

function sentEvent(draw: Draw, id: string, at: Instant): SentEvent {
  const store = draw.store()
  const header = { source: `till-${store}-${draw.below(3)}`, id, store, eventTime: formatInstant(at) }
  const sale = {
    ...header,
    channel: draw.below(4) === 0 ? ('online' as const) : ('pos' as const),
    currency: EXAMPLE_STORES_BY_ID.get(store)?.currency ?? 'EUR',
    orderId: id,
  }
  const lines = <Line>(line: () => Line) => Array.from({ length: 1 + draw.below(3) }, line)
  const kind = draw.below(100)
  if (kind < 66) return { type: 'order.placed', ...sale, lines: lines(() => priced(draw)) }
  if (kind < 70) return { type: 'order.voided', ...sale, lines: lines(() => priced(draw)) }
  if (kind < 77) {
    const refunded = () => ({
      sku: draw.sku(),
      units: 1 + draw.below(2),
      refund: '2.505',
      restock: draw.below(3) > 0,
    })
    return { type: 'order.returned', ...sale, lines: lines(refunded) }
  }
  const moved = (most: number) => lines(() => ({ sku: draw.sku(), units: 1 + draw.below(most) }))
  if (kind < 84) {
    const purchase = draw.below(2) === 0 ? { purchaseOrderId: `p-${draw.below(5)}` } : {}
    return { type: 'stock.received', ...header, ...purchase, lines: moved(20) }
  }
  if (kind < 89) {
    const counted = () => ({ sku: draw.sku(), units: draw.below(15) })
    return { type: 'stock.counted', ...header, lines: lines(counted) }
  }
  if (kind < 92) {
    const adjusted = () => ({ sku: draw.sku(), units: draw.below(9) - 4 })
    return { type: 'stock.adjusted', ...header, lines: lines(adjusted) }
  }
  if (kind < 95) return { type: 'stock.transferred', ...header, toStore: draw.store(), lines: moved(4) }
  const purchase = { ...header, purchaseOrderId: `p-${draw.below(5)}`, supplier: 's-1', lines: moved(20) }
  return kind < 99 ? { type: 'purchase.placed', ...purchase } : { type: 'purchase.cancelled', ...purchase }
}

function priced(draw: Draw) {
  const units = 1 + draw.below(3)
  return { sku: draw.sku(), units, unitPrice: `${1 + draw.below(9)}.${draw.below(10)}55`, discount: '0.10' }
}

function logged(sent: SentEvent, eventClass: 'live' | 'bulk'): LogEvent[] {
  const result = enrich(sent, {
    stores: EXAMPLE_STORES_BY_ID,
    now: Date.parse(sent.eventTime),
    class: eventClass,
    bodyHash: createHash('md5').update(JSON.stringify(sent)).digest('hex'),
  })
  if ('rejection' in result) throw new Error(`${sent.id}: ${result.rejection.detail}`)
  return result.events
}

/** The same elements in another order (Fisher–Yates). */
export function shuffled<Element>(elements: readonly Element[], random: () => number): Element[] {
  const order = [...elements]
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const [a, b] = [order[index], order[other]]
    if (a === undefined || b === undefined) continue
    order[index] = b
    order[other] = a
  }
  return order
}
