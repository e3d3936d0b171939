import { businessDayOf } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent, LogLines } from '#domain/log-event.ts'
import { textDetail } from '#domain/operators/event.ts'
import { sourceOf } from '#seed/shop/shop-state.ts'
import type { Random } from '#seed/world/random.ts'
import type { Plant } from './plants.ts'

/** An entry of the log to be. */
export interface Entry {
  event: LogEvent
  appendedAt: Instant
}

/** What is sent on an ordinary line is in the log so soon. */
const DELAY_MS = 400
/** Of the orders that come in slow hours. */
const SLOW_SHARE = 0.3
/** What a clerk's thumb makes of 12.50. */
const SLIPPED = 100

/** A history with plants in it: what is silenced is gone, and what is planted comes among the rest, in order. */
export function* plantInto(
  history: Iterable<Entry>,
  { plants, random }: { plants: readonly Plant[]; random: Random },
): Generator<Entry> {
  const toCome = plants.toSorted((one, other) => one.from - other.from)
  /** Ascending by time. */
  let planted: Entry[] = []
  const lastOrders = new Map<string, LogEvent>()
  const neverSold = new Set<string>()
  for (const entry of history) {
    for (let next = toCome[0]; next && next.from <= entry.appendedAt; next = toCome[0]) {
      toCome.shift()
      const own = documentsAt(next, lastOrders, random)
      planted = [...planted, ...own].sort((one, other) => one.appendedAt - other.appendedAt)
    }
    while (planted[0] && planted[0].appendedAt <= entry.appendedAt) {
      const [first, ...others] = planted
      planted = others
      if (first) yield first
    }
    if (isSilenced(entry.event, plants, random)) {
      if (entry.event.type === 'order.placed') neverSold.add(entry.event.orderId ?? '')
      continue
    }
    // What was never sold never comes back.
    if (neverSold.has(orderOf(entry.event) ?? '')) continue
    if (entry.event.type === 'order.placed') lastOrders.set(entry.event.store, entry.event)
    yield entry
  }
}

/** The order that a document voids or gives back; null: none. */
function orderOf(event: LogEvent): string | null {
  if (event.type === 'order.voided') return event.orderId
  return event.type === 'order.returned' ? textDetail(event, 'originalOrderId') : null
}

function isSilenced(event: LogEvent, plants: readonly Plant[], random: Random): boolean {
  if (event.class !== 'live') return false
  return plants.some(({ kind, shop, register, from, to }) => {
    if (shop.id !== event.store || event.eventTime < from || event.eventTime >= to) return false
    if (kind === 'silent store') return true
    if (kind === 'silent till') return event.register === register
    return kind === 'slow hours' && event.type === 'order.placed' && !random.chance(SLOW_SHARE)
  })
}

/** What a plant sends in each of its stores. */
function documentsAt(plant: Plant, lastOrders: ReadonlyMap<string, LogEvent>, random: Random): Entry[] {
  const shops = [plant.shop, ...(plant.others ?? [])]
  if (plant.kind === 'copied card') {
    // First at the other store, then at this one: that is where it is told.
    const card = `t-planted-${plant.shop.id}-${plant.from}`
    return shops.flatMap((shop, index) => {
      const at = index === 0 ? plant.to : plant.from
      const template = lastOrders.get(shop.id)
      const own = { ...plant, shop, register: shop.registers[0] ?? null, from: at, to: at }
      return template ? documentsOf(own, template, { random, card }) : []
    })
  }
  return shops.flatMap(shop => {
    const template = lastOrders.get(shop.id)
    const register = shop === plant.shop ? plant.register : (shop.registers[0] ?? null)
    return template ? documentsOf({ ...plant, shop, register }, template, { random }) : []
  })
}

/** What a plant sends, as variations of an order of its store. */
function documentsOf(
  plant: Plant,
  template: LogEvent,
  { random, card }: { random: Random; card?: string },
): Entry[] {
  const { kind, shop, register, from, to, documents } = plant
  const name = `planted-${shop.id}-${from}`
  const cashier = register === null ? undefined : `k-${name}`
  let count = 0

  function document(
    at: Instant,
    fields: Partial<LogEvent>,
    details: Readonly<Record<string, unknown>>,
  ): Entry {
    count += 1
    const event: LogEvent = {
      ...template,
      source: sourceOf(shop, register),
      register,
      id: `${name}-${count}`,
      orderId: `${name}-${count}`,
      customer: null,
      eventTime: at,
      businessDay: businessDayOf(at, shop),
      ...fields,
      details: {
        tenders: [{ type: 'cash', amount: null }],
        ...(cashier !== undefined && { cashier }),
        ...details,
      },
    }
    return { event, appendedAt: at + DELAY_MS }
  }

  const times = Array.from({ length: documents }, () => random.integer(from, to)).sort(
    (one, other) => one - other,
  )
  const refund = {
    type: 'order.returned',
    totalGross: 0,
    totalDiscounts: 0,
    totalReturns: template.totalGross,
  } as const
  switch (kind) {
    case 'card burst': {
      const paid = {
        tenders: [{ type: 'card', amount: null }],
        cardToken: `t-${name}`,
        entryMode: 'contactless',
      }
      return times.map(at => document(at, {}, paid))
    }
    case 'customer burst':
      return times.map(at => document(at, { customer: `c-${name}` }, {}))
    case 'refunds of a cashier':
    case 'refunds at a till':
      return times.map((at, index) =>
        document(at, refund, {
          ...(kind === 'refunds at a till' && { cashier: undefined }),
          ...(index % 2 === 0 && { originalOrderId: `${name}-0` }),
        }),
      )
    case 'voids after cash':
      return times.flatMap(at => {
        const sale = document(at, {}, {})
        const voidedAt = at + random.integer(MINUTE_MS, 4 * MINUTE_MS)
        return [sale, document(voidedAt, { type: 'order.voided', orderId: sale.event.orderId }, {})]
      })
    case 'high discounts':
      return times.map(at =>
        document(
          at,
          { totalDiscounts: Math.round((template.totalGross * random.integer(55, 85)) / 100) },
          {},
        ),
      )
    case 'decimal slipped':
      return times.map(at => document(at, { totalGross: template.totalGross * SLIPPED }, {}))
    case 'refunded again': {
      const sale = document(from, {}, {})
      const originalOrderId = sale.event.orderId ?? undefined
      return [sale, ...times.map(at => document(at, refund, { originalOrderId }))]
    }
    case 'refund of nothing':
      return [document(from, refund, { originalOrderId: `${name}-never` })]
    case 'copied card': {
      const paid = { tenders: [{ type: 'card', amount: null }], cardToken: card, entryMode: 'chip' }
      return [document(from, {}, paid)]
    }
    case 'sells everywhere':
      return times.map(at => document(at, { lines: oneOf(plant.sku ?? '', template), totalUnits: 1 }, {}))
    case 'silent till':
    case 'silent store':
    case 'slow hours':
      return []
  }
}

/** A single unit of a product, worth what the order was. */
function oneOf(sku: string, { totalGross }: LogEvent): LogLines {
  const nothing = { discounts: null, taxes: null, refunds: null, stocked: null, amounts: null }
  return { ...nothing, skus: [sku], units: [1], unitPrices: [totalGross] }
}
