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
