import { businessDayOf } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import type { Policy } from '#seed/world/policies.ts'
import type { Promotion } from '#seed/world/promotions.ts'
import type { Random } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'
import type { World } from '#seed/world/world.ts'
import { type ChangedPrice, changedPricesAt } from './changed-prices.ts'
import { type DayDemand, demandOf } from './day-demand.ts'

export type OrderPlaced = Extract<SentEvent, { type: 'order.placed' }>

/** What a shop remembers of an order: enough to take it back, and to ask what its customer thinks. */
export interface Purchase {
  orderId: string
  at: Instant
  customer?: string
  /** Product index, units, and what was paid for them. */
  lines: [product: number, units: number, paid: Amount][]
  isReviewed?: true
}

/** Goods on their way to a shop. */
export interface Delivery {
  purchaseOrderId: string
  dueAt: Instant
  /** Product index and units. */
  lines: [product: number, units: number][]
}

/** What a till has taken in since its last Z report, as `till.closed` tells it. */
export interface TillTotals {
  businessDay: BusinessDay
  orders: number
  units: number
  net: Amount
  /** Paid in less paid out, by means of payment. */
  tenders: Record<string, Amount>
  /** Of its documents, as they are printed; null before the first. */
  firstReceipt: string | null
  lastReceipt: string | null
}

/** What changes in a shop as it trades. Plain data, so that it can be kept in a file between runs. */
export interface ShopState {
  /** Units on the shelves by product; null before the opening count. */
  onHand: number[] | null
  /** Units ordered and not delivered, by product. */
  onOrder: number[]
  deliveries: Delivery[]
  /** By register. */
  tills: Record<string, TillTotals>
  /** The number of the last receipt of each register; never begins anew. */
  receipts: Record<string, number>
  /** A sample of the purchases of some days, oldest first: what may come back, or be reviewed. */
  purchases: Purchase[]
  /** Numbers documents and events; never goes back. */
  sequence: number
  /** Up to when it has traded; 0 before it ever did. */
  tradedUntil: Instant
  /** By how much its stock room is ahead of the tills: its days pass faster while the demo does. */
  aheadMs: number
  /** Units that suppliers brought of orders that the dashboard's buyers placed, by order and product. */
  brought?: Record<string, Record<string, number>>
  /** The last of what people entered on a page that its shelves know of. */
  enteredUpTo?: number
}

/** A shop that trades: its state, and what its doings draw on. Whoever drives it brings the time. */
export interface TradingShop {
  shop: Shop
  world: World
  policies: readonly Policy[]
  state: ShopState
  random: Random
  /** Begins the ids of this run, so that no two runs give the same id. */
  series: string
  /** Of the day it was last asked for. */
  demand: DayDemand | null
  /** Prices that somebody changed, that hold or will. */
  changedPrices: readonly ChangedPrice[]
  /** When the next of them begins or ends, as of `demand`. */
  pricesUntil: Instant
  /** Told of each sale that an empty shelf cost, which no event tells of; null: nobody asks. */
  onMissed: ((missed: MissedSale) => void) | null
  /** A promotion that no calendar knows. */
  flash: { promotion: Promotion; until: Instant } | null
  /** Units that the dashboard's buyers have on order for it, by product: it does not order them once more. */
  buyersOnOrder: readonly number[] | null
  /** Orders of theirs that a supplier has said yes to in this run. */
  answered: Set<string>
}

/** Units of a product that a customer wanted on a business day, and that were not there. */
export interface MissedSale {
  day: BusinessDay
  /** Index. */
  product: number
  units: number
}

export function newShopState(world: World): ShopState {
  return {
    onHand: null,
    onOrder: world.products.map(() => 0),
    deliveries: [],
    tills: {},
    receipts: {},
    purchases: [],
    sequence: 0,
    tradedUntil: 0,
    aheadMs: 0,
  }
}

export function openShop(options: {
  world: World
  shop: Shop
  state: ShopState
  random: Random
  series: string
  onMissed?: (missed: MissedSale) => void
}): TradingShop {
  const { world, shop, onMissed = null } = options
  return {
    ...options,
    onMissed,
    policies: world.policies.get(shop.id) ?? [],
    demand: null,
    changedPrices: [],
    pricesUntil: Number.POSITIVE_INFINITY,
    flash: null,
    buyersOnOrder: null,
    answered: new Set(),
  }
}

/** What is wanted in a shop at a time, and at what price. */
export function demandAt(trading: TradingShop, at: Instant): DayDemand {
  const { shop, world, demand, flash } = trading
  const day = businessDayOf(at, shop)
  const isFlashOver = flash !== null && at >= flash.until
  if (demand?.day === day && !isFlashOver && at < trading.pricesUntil) return demand
  if (isFlashOver) trading.flash = null
  const extra = trading.flash ? [trading.flash.promotion] : []
  const { prices: changed, until } = changedPricesAt(world, trading.changedPrices, at)
  trading.pricesUntil = until
  trading.demand = demandOf(world, shop, { day, extra, changed })
  return trading.demand
}

/** Begins a promotion that no calendar knows, until a time: its goods are cheaper from now on, and wanted more. */
export function beginFlashPromotion(
  trading: TradingShop,
  flash: { promotion: Promotion; until: Instant },
): void {
  trading.flash = flash
  trading.demand = null
}

/**
 * Tells a shop what prices of its products were changed: from the moment at which one holds its tills ask for it, and
 * customers mind. In place of what it was told before.
 */
export function takePrices(trading: TradingShop, changed: readonly ChangedPrice[]): void {
  const { shop, world } = trading
  trading.changedPrices = changed.filter(({ store, sku }) => store === shop.id && world.productIndex.has(sku))
  // What is wanted today is worked out anew, and so is when it changes next.
  trading.demand = null
}

/** Fields that every event of a shop begins with. A source is one sender: a till, the web shop, the stock room. */
export function header(trading: TradingShop, at: Instant, register: string | null) {
  const { shop, state, series } = trading
  state.sequence += 1
  const fields = {
    source: sourceOf(shop, register),
    id: `${series}-${state.sequence}`,
    store: shop.id,
    eventTime: formatInstant(at),
  }
  return register === null ? fields : { ...fields, register }
}

/**
 * What a document is called: a till numbers its receipts without a gap, so that one that is missing shows.
 * @param kind of the document, between the shop and its number
 */
export function documentId(
  { shop, state, series }: TradingShop,
  { kind, register, eventId }: { kind: string; register: string | null; eventId: string },
): string {
  if (register === null) return `${shop.id}-${kind}${eventId}`
  const number = (state.receipts[register] ?? 0) + 1
  state.receipts[register] = number
  return `${shop.id}-${kind}${series}-${register}-${String(number).padStart(6, '0')}`
}

export function sourceOf(shop: Shop, register: string | null): string {
  return register === null ? `web-${shop.id}` : `pos-${shop.id}-${register}`
}

/** Begins the sources of what suppliers send by themselves, whatever way their shop's own events go. */
export const SUPPLIER_SOURCE = 'supplier-'

export function stockSourceOf(shop: Shop): string {
  return `stock-${shop.id}`
}

/** A till of the shop; null on the web. */
export function registerOf({ shop, random }: TradingShop): string | null {
  return shop.registers.length === 0 ? null : random.pick(shop.registers)
}
