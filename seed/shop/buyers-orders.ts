import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { applyEvent } from './apply-event.ts'
import { SUPPLIER_SOURCE, type TradingShop } from './shop-state.ts'

/** What a buyer of the dashboard ordered for a shop, as the supplier's office reads it. */
export interface BuyersOrder {
  purchaseOrderId: string
  store: string
  supplier: string
  isExpress: boolean
  placedAt: Instant
  /** As asked for. */
  expectedAt: Instant
  isConfirmed: boolean
  /** Units ordered and not cancelled, and of them those that have come, by whatever way, as far as it is known. */
  lines: readonly { sku: string; expected: number; received: number }[]
}

/** What people entered on a page that moves a shop's shelves, in the order in which it was entered. */
export interface EnteredMove {
  message: number
  store: string
  sku: string
  /** Signed. */
  units: number
}

/** What people ordered and entered on the dashboard, as suppliers and shops of the demo learn of it. */
export interface Inbox {
  orders: BuyersOrder[]
  moves: EnteredMove[]
}

/** A supplier's office answers so long after an order. */
const ANSWERS_MS = [15 * SECOND_MS, 60 * SECOND_MS] as const
/** One in so many comes in two lots. */
const IN_PARTS = 0.25
/** So much of it at first; too little to part is not parted. */
const FIRST_LOT = 0.6
const LEAST_PARTED = 12
/** The second lot comes so much of the way later, and that of an express order so soon. */
const REST_AFTER = 0.25
const EXPRESS_REST_MS = 2 * MINUTE_MS
/** What is late comes by so many days of the world, as with the shops' own orders. */
const DAYS_LATE = [1, 1, 1, 2, 3]

/**
 * What the suppliers do about orders of the dashboard's buyers: they say yes, and deliver what is open of it when it is
 * due, some of it late or in two lots. When and how follows from the order alone, and what was brought is remembered with
 * the shop: however often this is asked, and whatever runs are killed in between, nothing is brought twice.
 * @param orders of this shop; null: not known yet
 * @param speed how many times faster than the calendar the days of the world pass
 */
export function serveBuyers(
  trading: TradingShop,
  orders: readonly BuyersOrder[] | null,
  { now, speed, deliveriesHeld }: { now: Instant; speed: number; deliveriesHeld: boolean },
): SentEvent[] {
  if (orders === null) return []
  const { state } = trading
  state.brought ??= {}
  for (const id of Object.keys(state.brought)) {
    // Settled, and so not read any more.
    if (!orders.some(({ purchaseOrderId }) => purchaseOrderId === id)) delete state.brought[id]
  }
  const happened: SentEvent[] = []
  const onOrder = trading.world.products.map(() => 0)
  for (const order of orders) {
    const plan = planOf(trading, order, speed)
    if (!order.isConfirmed && now >= plan.answersAt && !trading.answered.has(order.purchaseOrderId)) {
      trading.answered.add(order.purchaseOrderId)
      happened.push(confirmation(order, plan.answersAt))
    }
    const lots = deliveriesHeld ? 0 : plan.lots.filter(({ at }) => at <= now).length
    const lot = plan.lots[lots - 1]
    const delivery = lot ? deliveryOf(trading, order, { share: lot.share, number: lots, now }) : null
    if (delivery) {
      applyEvent(trading, delivery)
      happened.push(delivery)
    }
    for (const line of order.lines) {
      const index = trading.world.productIndex.get(line.sku)
      if (index !== undefined) onOrder[index] = (onOrder[index] ?? 0) + openOf(trading, order, line)
    }
  }
  trading.buyersOnOrder = onOrder
  return happened
}

/** Brings the shelves to where people's entries on a page leave them: each once, in whatever lots they are read. */
export function applyEntered(trading: TradingShop, moves: readonly EnteredMove[]): void {
  const { state, shop, world } = trading
  const before = state.enteredUpTo ?? 0
  for (const { message, store, sku, units } of moves) {
    const index = world.productIndex.get(sku)
    if (message <= before || store !== shop.id) continue
    if (state.onHand && index !== undefined) state.onHand[index] = (state.onHand[index] ?? 0) + units
    state.enteredUpTo = Math.max(state.enteredUpTo ?? 0, message)
  }
}

interface Plan {
  answersAt: Instant
  /** When, and how much of everything is there by then. */
  lots: { at: Instant; share: number }[]
}

function planOf({ world }: TradingShop, order: BuyersOrder, speed: number): Plan {
  const { purchaseOrderId, store, supplier, isExpress, placedAt, expectedAt, lines } = order
  const random = createRandom(0, 'buyers orders', purchaseOrderId, store)
  const product = world.products.find(({ supplier: own }) => own.id === supplier)
  const answersAt = placedAt + random.integer(...ANSWERS_MS)
  const way = Math.max(0, expectedAt - placedAt)
  const isLate = random.chance(product?.supplier.unreliability ?? 0)
  const daysLate = random.pick(DAYS_LATE)
  const isParted =
    random.chance(IN_PARTS) && lines.reduce((sum, { expected }) => sum + expected, 0) >= LEAST_PARTED
  const early = 0.7 + 0.3 * random.next()
  const at = isLate && !isExpress ? expectedAt + (daysLate * DAY_MS) / speed : placedAt + way * early
  const rest = isExpress ? EXPRESS_REST_MS : way * REST_AFTER
  return {
    answersAt,
    lots: isParted
      ? [
          { at, share: FIRST_LOT },
          { at: at + rest, share: 1 },
        ]
      : [{ at, share: 1 }],
  }
}

/** The same however often it is said: its id and its time are the order's. */
function confirmation(order: BuyersOrder, at: Instant): SentEvent {
  const { purchaseOrderId, store, supplier, expectedAt, lines } = order
  return {
    source: sourceOf(supplier),
    id: `${purchaseOrderId}/${store}/confirmed`,
    type: 'purchase.confirmed',
    store,
    eventTime: formatInstant(at),
    purchaseOrderId,
    supplier,
    expectedAt: formatInstant(expectedAt),
    lines: lines.map(({ sku, expected }) => ({ sku, units: expected })),
  }
}

function deliveryOf(
  trading: TradingShop,
  order: BuyersOrder,
  { share, number, now }: { share: number; number: number; now: Instant },
): SentEvent | null {
  const { purchaseOrderId, store, supplier } = order
  const lines = order.lines.flatMap(line => {
    const due = share === 1 ? line.expected : Math.floor(line.expected * share)
    const units = Math.min(due, line.expected) - (line.expected - openOf(trading, order, line))
    return units > 0 && trading.world.productIndex.has(line.sku) ? [{ sku: line.sku, units }] : []
  })
  if (lines.length === 0) return null
  return {
    source: sourceOf(supplier),
    // A lot is brought once; what is open after it by hand of people comes with the next.
    id: `${purchaseOrderId}/${store}/lot-${number}/${now.toString(36)}`,
    type: 'stock.received',
    store,
    eventTime: formatInstant(now),
    purchaseOrderId,
    lines,
  }
}

/** Open by whichever knows of more that has come: the system, or what this supplier brought. */
function openOf(
  { state }: TradingShop,
  { purchaseOrderId }: BuyersOrder,
  { sku, expected, received }: BuyersOrder['lines'][number],
): number {
  return Math.max(0, expected - Math.max(received, state.brought?.[purchaseOrderId]?.[sku] ?? 0))
}

function sourceOf(supplier: string): string {
  return `${SUPPLIER_SOURCE}${supplier}`
}
