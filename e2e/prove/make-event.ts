import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import type { UnchangingStore } from '#domain/store.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import { type Lateness, PLAN_SKUS, PLAN_STORES, type PlannedEvent } from './plan.ts'

/** What a Z report is made from: what the model has of the register so far. */
export interface TillTotals {
  orders: number
  units: number
  /** 1/10,000 */
  net: bigint
}

/**
 * The event of a plan as its till would send it at `now`. The same draw gives the same contents.
 * @param totalsOf of a register on a business day, for Z reports
 */
export function makeEvent(
  planned: PlannedEvent,
  now: Instant,
  context: {
    dayOf(at: Instant, store: string): string
    totalsOf(store: string, register: string, day: string): TillTotals
  },
): SentEvent {
  const random = seededRandom(planned.draw)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const store = EXAMPLE_STORES_BY_ID.get(planned.store)
  if (!store) throw new Error(`no store ${planned.store}`)
  const at = now + timeShift(planned.lateness, now, below)
  const register = `till-${1 + below(2)}`
  const header = {
    source: `${planned.store}-${below(3)}`,
    id: planned.id,
    store: planned.store,
    eventTime: formatInstant(at),
    ...pick([{}, { register }]),
    ...pick([{}, {}, { attributes: { shift: 'ä"b\\', operator: String(below(9)) } }]),
  }
  // Sales and adjustments of a file may be known by their day alone; what else comes with it is days late.
  const dateOnly = planned.lateness === 'date only' ? { dateOnly: true as const } : {}
  const several = <Line>(most: number, line: () => Line) => Array.from({ length: 1 + below(most) }, line)
  const moved = (most: number) => several(3, () => ({ sku: pick(PLAN_SKUS), units: 1 + below(most) }))
  switch (planned.type) {
    case 'order.placed':
    case 'order.voided':
      return {
        type: planned.type,
        ...header,
        ...dateOnly,
        ...order(planned.id, store, { below, pick, random }),
      }
    case 'order.returned': {
      const lines = several(3, () => ({
        sku: pick(PLAN_SKUS),
        units: 1 + below(3),
        refund: formatAmount(below(400_000)),
        ...pick([{}, { restock: false }, { restock: true }]),
        ...pick([{}, { reason: 'too small' }]),
      }))
      return {
        type: planned.type,
        ...header,
        ...dateOnly,
        ...sale(planned.id, store, { below, pick, random }),
        ...pick([{}, { originalOrderId: 'unseen' }]),
        lines,
      }
    }
    case 'till.closed': {
      const day = context.dayOf(at - below(2) * DAY_MS, planned.store)
      const totals = context.totalsOf(planned.store, register, day)
      const off = pick([0, 0, 1])
      return {
        type: planned.type,
        ...header,
        register,
        businessDay: day,
        currency: store.currency,
        orders: totals.orders + off,
        units: totals.units,
        net: formatAmount(totals.net),
      }
    }
    case 'stock.received':
      return { type: planned.type, ...header, ...pick([{}, purchase(below)]), lines: moved(20) }
    case 'stock.counted':
      return {
        type: planned.type,
        ...header,
        lines: several(3, () => ({ sku: pick(PLAN_SKUS), units: below(15) })),
      }
    case 'stock.adjusted':
      return {
        type: planned.type,
        ...header,
        ...dateOnly,
        lines: several(3, () => ({
          sku: pick(PLAN_SKUS),
          units: below(9) - 4,
          ...pick([{}, { reason: 'broken' }]),
        })),
      }
    case 'stock.transferred':
      return {
        type: planned.type,
        ...header,
        toStore: pick(PLAN_STORES.filter(id => id !== planned.store)),
        lines: moved(5),
      }
    case 'purchase.placed':
    case 'purchase.cancelled':
      return { type: planned.type, ...header, ...purchase(below), supplier: 's-1', lines: moved(20) }
    case 'purchase.confirmed':
      return {
        type: planned.type,
        ...header,
        ...purchase(below),
        supplier: 's-1',
        expectedAt: '2026-12-01T08:30:00Z',
        lines: moved(20),
      }
    case 'review.posted':
      return {
        type: planned.type,
        ...header,
        sku: pick(PLAN_SKUS),
        rating: 1 + below(5),
        ...pick([{}, { text: 'gut 👍 "wirklich"' }]),
      }
    case 'price.changed':
      return {
        type: planned.type,
        ...header,
        ...pick([{}, { currency: store.currency }]),
        lines: [
          {
            sku: pick(PLAN_SKUS),
            price: formatAmount(below(400_000)),
            from: header.eventTime,
            ...pick([{}, { to: context.dayOf(at + 2 * DAY_MS, planned.store) }]),
          },
        ],
      }
  }
}

/** The same key with another body. */
export function changedBody(event: SentEvent): SentEvent {
  return { ...event, attributes: { ...event.attributes, changed: 'yes' } }
}

interface Draw {
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item
  random(): number
}

function timeShift(lateness: Lateness, now: Instant, below: Draw['below']): number {
  switch (lateness) {
    case 'on time':
      return -below(2 * SECOND_MS)
    case 'minutes late':
      return -(3 * MINUTE_MS + below(60 * MINUTE_MS))
    case 'after final':
      return -(3 * HOUR_MS + below(4 * HOUR_MS))
    case 'days late':
    case 'date only':
      return -(DAY_MS + below(3 * DAY_MS))
    case 'clock change': {
      // The last Sunday of October, around Berlin's change.
      const change = Date.UTC(2026, 9, 25, 1)
      return change - now + below(12 * HOUR_MS) - 6 * HOUR_MS
    }
    case 'clock a minute ahead':
      return 20 * SECOND_MS + below(70 * SECOND_MS)
    case 'clock a day ahead':
      return DAY_MS
  }
}

function order(id: string, store: UnchangingStore, draw: Draw) {
  const { below, pick } = draw
  const lines = Array.from({ length: 1 + below(4) }, () => {
    const units = 1 + below(5)
    const price = below(500_000)
    return {
      sku: pick(PLAN_SKUS),
      units,
      price,
      discount: pick([undefined, 0, Math.min(below(10_000), units * price)]),
      tax: pick([undefined, below(50_000)]),
    }
  })
  // Three for 10.00: a line that states what all its units are worth, most often no whole number of prices.
  const stated = lines.map(({ units, price }) => pick([false, false, true]) && units * price + below(units))
  const charges = pick([[], [], [{ type: 'shipping', amount: below(60_000) }]])
  const total =
    lines.reduce(
      (sum, { units, price, discount, tax }, index) =>
        sum + (stated[index] || units * price) - (discount ?? 0) + (store.taxInclusive ? 0 : (tax ?? 0)),
      0,
    ) + charges.reduce((sum, { amount }) => sum + amount, 0)
  const third = Math.floor(total / 3)
  const split = [
    { type: 'card', amount: formatAmount(third) },
    { type: 'cash', amount: formatAmount(total - third) },
  ]
  return {
    ...sale(id, store, draw),
    ...pick([{}, { tender: 'cash' }, { tenders: split }]),
    ...(charges.length === 0
      ? {}
      : { charges: charges.map(({ type, amount }) => ({ type, amount: formatAmount(amount) })) }),
    lines: lines.map(({ sku, units, price, discount, tax }, index) => ({
      sku,
      units,
      ...(stated[index] ? { amount: formatAmount(stated[index]) } : { unitPrice: formatAmount(price) }),
      ...(discount === undefined ? {} : { discount: formatAmount(discount) }),
      ...(tax === undefined ? {} : { tax: formatAmount(tax) }),
    })),
  }
}

function sale(id: string, store: UnchangingStore, { below, pick }: Draw) {
  return {
    channel: pick(['pos', 'pos', 'online'] as const),
    currency: store.currency,
    orderId: id,
    ...pick([{}, { customer: `c-${below(4)}` }]),
    ...pick([{}, {}, { session: `v-${below(4)}` }]),
  }
}

function purchase(below: Draw['below']) {
  return { purchaseOrderId: `p-${below(4)}` }
}
