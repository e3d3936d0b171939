import type { LeadTime } from './lead-time.ts'
import { demandQuantile } from './quantiles.ts'

/** When a store orders a product, and up to where. Whole units. */
export interface ComputedPolicy {
  /** On hand and on order at or below it: order. */
  reorderPoint: number
  /** On hand and on order to order up to. */
  orderUpTo: number
  /** What the reorder point holds beyond the mean demand of its days. */
  safetyStock: number
}

/** The buyer looks once a day: an order is up to a day later than it should be. */
const REVIEW_DAYS = 1
/** An order is to last so long. What an order costs is not known, so no economic order quantity (Harris, 1913) can be had. */
const CYCLE_DAYS = 7

/**
 * The (s, S) policy: at or below s, order up to S. s is what demand of the lead time and until the next look stays below
 * with the probability of the service level. Its mean is μP and its variance
 *
 *   P·σ² + μ²·σ_L² + P²·σ²/n
 *
 * where P are the days, σ a day's deviation, σ_L the lead time's (both: Silver, Pyke & Thomas, "Inventory and Production
 * Management in Supply Chains", 4th ed. 2017, §6.10), and the last term what the mean itself may be off, being known from
 * as much as n days (Prak, Teunter & Syntetos, "On the calculation of safety stocks when demand is forecasted", 2017). For
 * P fixed and n large it is z·σ·√P of the textbooks.
 * @param perDay mean units a day over a week
 * @param spread deviation of a day's units
 * @param memoryDays n
 * @param waitDays longest wait between two deliveries of the supplier; 1 where it comes every day
 */
export function computePolicy({
  perDay,
  spread,
  memoryDays,
  leadTime,
  waitDays,
  serviceLevel,
  packSize,
}: {
  perDay: number
  spread: number
  memoryDays: number
  leadTime: Pick<LeadTime, 'meanDays' | 'spreadDays'>
  waitDays: number
  serviceLevel: number
  packSize: number
}): ComputedPolicy {
  const days = leadTime.meanDays + REVIEW_DAYS + (waitDays - 1)
  const mean = perDay * days
  const variance =
    days * spread ** 2 + (perDay * leadTime.spreadDays) ** 2 + (days * spread) ** 2 / Math.max(1, memoryDays)
  const reorderPoint = demandQuantile({ mean, variance, share: serviceLevel })
  // At least a pack beyond it, or an order would be due again as soon as it has come.
  const cycle = Math.max(1, packSize, Math.ceil(perDay * CYCLE_DAYS))
  return {
    reorderPoint,
    orderUpTo: reorderPoint + cycle,
    safetyStock: Math.max(0, Math.ceil(reorderPoint - mean)),
  }
}

/** What a store has of a sku, and what its policy wants. */
export interface StockNeed {
  /** May be below zero. */
  onHand: number
  onOrder: number
  reorderPoint: number
  /** Null: the policy has no such level. */
  orderUpTo: number | null
  /** The supplier sells whole packs only. */
  packSize: number
}

/**
 * Units to order: nothing while on hand and on order together (the inventory position) are above the reorder
 * point; else up to the policy's level, rounded up to whole packs. The (s, S) policy of the textbooks.
 * @returns units, 0 when there is nothing to order; null when the policy does not say up to where
 */
export function unitsToOrder({
  onHand,
  onOrder,
  reorderPoint,
  orderUpTo,
  packSize,
}: StockNeed): number | null {
  const position = onHand + onOrder
  if (position > reorderPoint) return 0
  if (orderUpTo === null) return null
  return Math.ceil(Math.max(0, orderUpTo - position) / packSize) * packSize
}
