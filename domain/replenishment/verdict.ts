import type { Instant } from '#domain/instant.ts'
import type { Stockout } from './stockout.ts'

/**
 * short: the shelf is empty before a delivery can help, or an order must go out now; covered: it would be short, and what
 * is on order comes in time; enough: neither.
 */
export type ShelfVerdict = 'short' | 'covered' | 'enough'

/**
 * Judges a shelf by time: what runs out when, against what comes when.
 * @param stockout of what is on hand, if nothing comes
 * @param nextDeliveryAt of what is on order; null: nothing is, or nobody knows when
 * @param orderArrivesAt if it were ordered now; null: no lead time is known
 * @param unitsToOrder by the policy, of the inventory position; null: no policy says up to where
 */
export function judgeShelf({
  stockout,
  nextDeliveryAt,
  orderArrivesAt,
  unitsToOrder,
}: {
  stockout: Stockout
  nextDeliveryAt: Instant | null
  orderArrivesAt: Instant | null
  unitsToOrder: number | null
}): ShelfVerdict {
  const { at, early } = stockout
  if (unitsToOrder !== null && unitsToOrder > 0) return 'short'
  if (nextDeliveryAt !== null) {
    if (at !== null && at < nextDeliveryAt) return 'short'
    // Without what is on its way, an order of now would come too late in one case of ten.
    return early !== null && orderArrivesAt !== null && early < orderArrivesAt ? 'covered' : 'enough'
  }
  return at !== null && orderArrivesAt !== null && at < orderArrivesAt ? 'short' : 'enough'
}
