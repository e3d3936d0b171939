import type { BusinessDay } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { createWeightedPick, type Random } from '../random.ts'
import type { Policy } from '../world/policies.ts'
import type { Shop } from '../world/stores.ts'
import type { World } from '../world/world.ts'

export type OrderPlaced = Extract<SentEvent, { type: 'order.placed' }>

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
  /** The newest orders, oldest first: what may come back as a return. */
  recentOrders: OrderPlaced[]
  /** Numbers documents and events; never goes back. */
  sequence: number
}

/** A shop that trades: its state, and what its doings draw on. Whoever drives it brings the time. */
export interface TradingShop {
  shop: Shop
  world: World
  policies: readonly Policy[]
  state: ShopState
  random: Random
  pickProduct(random: Random): number
  /** Begins the ids of this run, so that no two runs give the same id. */
  series: string
}

export function newShopState(world: World): ShopState {
  return {
    onHand: null,
    onOrder: world.products.map(() => 0),
    deliveries: [],
    tills: {},
    recentOrders: [],
    sequence: 0,
  }
}

export function openShop(options: {
  world: World
  shop: Shop
  state: ShopState
  random: Random
  series: string
}): TradingShop {
  const { world, shop } = options
  return {
    ...options,
    policies: world.policies.get(shop.id) ?? [],
    pickProduct: createWeightedPick(world.products.map(product => product.popularity)),
  }
}

/** Fields that every event of a shop begins with. A source is one sender: a till, the web shop, the stock room. */
export function header(trading: TradingShop, at: Instant, register: string | null) {
  const { shop, state, series } = trading
  state.sequence += 1
  return {
    source: sourceOf(shop, register),
    id: `${series}-${state.sequence}`,
    store: shop.id,
    eventTime: formatInstant(at),
    ...(register === null ? {} : { register }),
  }
}

export function sourceOf(shop: Shop, register: string | null): string {
  return register === null ? `web-${shop.id}` : `pos-${shop.id}-${register}`
}

export function stockSourceOf(shop: Shop): string {
  return `stock-${shop.id}`
}
