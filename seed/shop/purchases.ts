import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { ordinaryOrders } from '#seed/world/world.ts'
import type { Purchase, TradingShop } from './shop-state.ts'

/** Purchases that a shop remembers, at most: they are kept in a file that is written every few seconds. */
const MOST_REMEMBERED = 220
/** Ages of what it remembers, about. */
const REMEMBERED_DAYS = 12
/** No order is brought back before: until then its till may void it. */
const LEAST_AGE_MS = 10 * MINUTE_MS

/** Remembers some of the purchases, told on demand: as many as are needed for returns and reviews days later. */
export function rememberPurchase(
  { state, random, world, shop }: TradingShop,
  purchaseOf: () => Purchase,
): void {
  if (!random.chance(MOST_REMEMBERED / (REMEMBERED_DAYS * ordinaryOrders(world, shop)))) return
  state.purchases.push(purchaseOf())
  if (state.purchases.length > MOST_REMEMBERED) state.purchases.shift()
}

/** The order never was. */
export function forgetPurchase({ state }: TradingShop, orderId: string): void {
  const index = state.purchases.findLastIndex(purchase => purchase.orderId === orderId)
  if (index >= 0) state.purchases.splice(index, 1)
}

/** Takes out a purchase that comes back: of days ago rather than of today, and each once. Null when there is none. */
export function takePurchase({ state, random }: TradingShop, at: Instant): Purchase | null {
  const old = countOlderThan(state.purchases, at - LEAST_AGE_MS)
  if (old === 0) return null
  // A little more often the newer ones: in the first days after a purchase one finds what is wrong with it.
  const index = Math.floor(old * random.next() ** 0.7)
  return state.purchases.splice(index, 1)[0] ?? null
}

/** A purchase that nobody has reviewed yet, of a customer who is known; null when the draw hits none. */
export function pickUnreviewed(
  { state, random }: TradingShop,
  at: Instant,
  leastAgeMs: number,
): Purchase | null {
  const old = countOlderThan(state.purchases, at - leastAgeMs)
  const purchase = state.purchases[Math.floor(random.next() * old)]
  if (old === 0 || !purchase || purchase.isReviewed || purchase.customer === undefined) return null
  return purchase
}

function countOlderThan(purchases: readonly Purchase[], before: Instant): number {
  // Oldest first, and nearly all are old.
  return purchases.findLastIndex(({ at }) => at <= before) + 1
}
