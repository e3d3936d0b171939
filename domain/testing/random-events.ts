import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { type Amount, formatAmount } from '#domain/money.ts'
import type { UnchangingStore } from '#domain/store.ts'
import { toLogEvents } from './events.ts'
import { EXAMPLE_STORES } from './stores.ts'

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

export interface RandomEvents {
  random: () => number
  count: number
  /** Begins every id, so that several calls give different events. */
  prefix?: string
  /** Event times lie in [start, start + spanMs) … */
  start: Instant
  spanMs?: number
  /** … a whole number of these after the start: the larger, the more events share an instant. */
  stepMs?: number
  /** Ids of example stores. */
  stores?: readonly string[]
  /** Few skus make many movements of each. */
  skus?: number
  /** Share of events that came in files. */
  bulkShare?: number
}

/**
 * Events of every kind that a till or a back office may send, as the intake would log them, in order of their ids
 * and in no order of time: voids and returns of nothing, counts in between, split tenders, and every optional field
 * there or not, or there with the value its absence means. A transfer gives two.
 */
export function randomEvents(options: RandomEvents): LogEvent[] {
  const { random, count, prefix = 'e', start, spanMs = HOUR_MS, stepMs = 1, bulkShare = 0.1 } = options
  const { skus = 8 } = options
  const stores = EXAMPLE_STORES.filter(({ id }) => options.stores?.includes(id) ?? true)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const draw: Draw = { below, pick, store: () => pick(stores), sku: () => `sku-${below(skus)}` }
  return Array.from({ length: count }, (_, index) => {
    const at = start + below(spanMs / stepMs) * stepMs
    const sent = randomEvent(draw, `${prefix}-${index}`, at)
    return toLogEvents(sent, { class: random() < bulkShare ? 'bulk' : 'live' })
  }).flat()
}

interface Draw {
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item
  store(): UnchangingStore
  sku(): string
}

function randomEvent(draw: Draw, id: string, at: Instant): SentEvent {
  const store = draw.store()
  const header = {
    source: `till-${store.id}-${draw.below(3)}`,
    id,
    store: store.id,
    eventTime: formatInstant(at),
    ...draw.pick([{}, { register: 'till-1' }, { register: 'till-2' }]),
    ...draw.pick([{}, {}, { attributes: {} }, { attributes: ODD_ATTRIBUTES }]),
  }
  const lines = <Line>(line: () => Line) => Array.from({ length: 1 + draw.below(4) }, line)
  const reason = () => draw.pick([{}, {}, { reason: 'broken' }, { reason: ODD_TEXT }])
  const moved = (most: number) => lines(() => ({ sku: draw.sku(), units: 1 + draw.below(most), ...reason() }))
  const kind = draw.below(100)
  if (kind < 62) return { type: 'order.placed', ...header, ...orderFields(draw, id, store) }
  if (kind < 67) return { type: 'order.voided', ...header, ...orderFields(draw, id, store) }
  if (kind < 75) {
    const refunds = lines(() => draw.below(500_000))
    const back = refunds.map(refund => ({
      sku: draw.sku(),
      units: 1 + draw.below(5),
      refund: formatAmount(refund),
      ...draw.pick([{}, { restock: true }, { restock: false }]),
      ...reason(),
      ...draw.pick([{}, { cost: '1.5' }]),
    }))
    const original = draw.pick([{}, { originalOrderId: `${id}-original` }])
    return {
      type: 'order.returned',
      ...header,
      ...original,
      ...saleFields(draw, id, store, sum(refunds)),
      lines: back,
    }
  }
  if (kind < 82) {
    const purchase = draw.below(2) === 0 ? { purchaseOrderId: `p-${draw.below(5)}` } : {}
    return { type: 'stock.received', ...header, ...purchase, lines: moved(20) }
  }
  if (kind < 87) {
    return {
      type: 'stock.counted',
      ...header,
      lines: lines(() => ({ sku: draw.sku(), units: draw.below(15) })),
    }
  }
  if (kind < 90) {
    return {
      type: 'stock.adjusted',
      ...header,
      ...dateOnly(draw),
      lines: lines(() => ({ sku: draw.sku(), units: draw.below(9) - 4, ...reason() })),
    }
  }
  if (kind < 93) return { type: 'stock.transferred', ...header, toStore: draw.store().id, lines: moved(4) }
  if (kind < 95) {
    const said = draw.pick([{}, { text: '' }, { text: ODD_TEXT, customer: 'c-1' }])
    return { type: 'review.posted', ...header, sku: draw.sku(), rating: 1 + draw.below(5), ...said }
  }
  if (kind < 96) return { type: 'till.closed', ...header, ...zReport(draw, store, at) }
  if (kind < 97) return { type: 'price.changed', ...header, ...priceChange(draw, store, at) }
  const bought = lines(() => ({
    sku: draw.sku(),
    units: 1 + draw.below(20),
    ...draw.pick([{}, { unitCost: '0' }, { unitCost: formatAmount(draw.below(100_000)) }]),
  }))
  const due = draw.pick([{}, { expectedAt: '2026-12-01T08:30:15.1239999+05:45' }])
  const purchase = {
    ...header,
    purchaseOrderId: `p-${draw.below(5)}`,
    supplier: 's-1',
    ...due,
    lines: bought,
  }
  if (kind < 98) return { type: 'purchase.placed', ...purchase }
  return kind < 99
    ? { type: 'purchase.confirmed', ...purchase, expectedAt: '2026-12-02T08:30:15.123Z' }
    : { type: 'purchase.cancelled', ...purchase }
}

/** What a sender may write, and what JSON, arrays of Postgres and sorting by letters each read in their own way. */
const ODD_TEXT = 'says "so", {NULL} \\ \t\n\u0001 \u200b\u00fc 🧾'
const ODD_ATTRIBUTES = {
  b: '',
  aa: ODD_TEXT,
  ﬁ: '1',
  '🧾': '2',
  Z: 'null',
  eventTime: '2026-11-20T10:15:30+01:00',
}

/** A till's report of the day; its totals are not those of the log. */
function zReport(draw: Draw, store: UnchangingStore, at: Instant) {
  return {
    register: 'till-1',
    businessDay: businessDayOf(at, store),
    currency: store.currency,
    orders: draw.below(9) - 2,
    units: draw.below(9),
    net: formatAmount(draw.below(900_000) - 100_000),
    ...draw.pick([{}, { tenders: [{ type: 'cash', amount: '-1.5' }] }]),
    ...draw.pick([{}, { openingFloat: '0', countedCash: formatAmount(draw.below(900_000)) }]),
    ...draw.pick([{}, { firstReceipt: 'R-0001', lastReceipt: 'R-0009' }]),
  }
}

/** Prices that hold by days and by instants, for a while and until further notice. */
function priceChange(draw: Draw, store: UnchangingStore, at: Instant) {
  const day = businessDayOf(at, store)
  const spans = [
    { from: day },
    { from: day, to: day },
    { from: formatInstant(at), to: addDays(day, 3) },
    { from: formatInstant(at), to: formatInstant(at + draw.below(90 * MINUTE_MS)) },
  ]
  return {
    ...draw.pick([{}, { currency: store.currency }]),
    lines: Array.from({ length: 1 + draw.below(3) }, (_, index) => ({
      sku: index === 0 ? draw.sku() : `${draw.sku()}-${index}`,
      price: formatAmount(draw.below(500_000)),
      ...draw.pick(spans),
    })),
  }
}

/** Lines of an order, and what makes its tenders add up to their total. */
function orderFields(draw: Draw, id: string, store: UnchangingStore) {
  const lines = Array.from({ length: 1 + draw.below(4) }, () => {
    const units = 1 + draw.below(5)
    const price = draw.below(500_000)
    const amount = draw.pick([null, null, draw.below(500_000)])
    const gross = amount ?? units * price
    const discount = draw.pick([null, 0, Math.min(draw.below(10_000), gross)])
    const tax = draw.pick([null, 0, draw.below(50_000)])
    return { sku: draw.sku(), units, price, amount, gross, discount, tax }
  })
  const total = sum(
    lines.map(({ gross, discount, tax }) => gross - (discount ?? 0) + (store.taxInclusive ? 0 : (tax ?? 0))),
  )
  return {
    ...saleFields(draw, id, store, total),
    lines: lines.map(({ sku, units, price, amount, discount, tax }) => ({
      sku,
      units,
      ...(amount === null ? { unitPrice: formatAmount(price) } : { amount: formatAmount(amount) }),
      ...(discount === null ? {} : { discount: formatAmount(discount) }),
      ...(tax === null ? {} : { tax: formatAmount(tax) }),
      ...draw.pick([{}, {}, { cost: formatAmount(draw.below(100_000)) }]),
    })),
  }
}

/** Some are known by their date alone, as out of a file that has no times. */
function dateOnly(draw: Draw): { dateOnly?: true } {
  return draw.below(10) === 0 ? { dateOnly: true } : {}
}

function saleFields(draw: Draw, id: string, store: UnchangingStore, goods: Amount) {
  const charges = draw.pick([
    [],
    [],
    [
      { type: 'shipping', amount: '4.9' },
      { type: 'deposit', amount: '-0.25' },
    ],
  ])
  const total = goods + (charges.length > 0 ? 46_500 : 0)
  const third = Math.floor(total / 3)
  const split = [
    { type: 'card', amount: formatAmount(third) },
    { type: 'cash', amount: formatAmount(third) },
    { type: 'card', amount: formatAmount(total - 2 * third) },
  ]
  return {
    channel: draw.below(4) === 0 ? ('online' as const) : ('pos' as const),
    currency: store.currency,
    orderId: id,
    ...dateOnly(draw),
    ...draw.pick([{}, ...['c-1', 'c-2', 'c-3', 'c-4'].map(customer => ({ customer }))]),
    ...draw.pick([
      {},
      { tender: 'cash' },
      { tenders: split },
      { tenders: [{ type: 'card', amount: formatAmount(total) }] },
    ]),
    ...(charges.length > 0 ? { charges } : {}),
    ...draw.pick([{}, { cashier: 'k-7', cardToken: 't|1', entryMode: 'contactless' }, { session: 's-1' }]),
  }
}

function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((total, amount) => total + amount, 0)
}
