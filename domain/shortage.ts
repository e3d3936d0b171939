/** A shortage of one sku in one store, worst last. */
export type ShortageRule = 'low_stock' | 'out_of_stock' | 'oversold'
export type Severity = 'warning' | 'critical'

/** Raised when the rules below change their verdicts; alerts carry it. */
export const SHORTAGE_RULE_VERSION = 1

/**
 * The verdict on a stock level. Unknown stock (null) has none; low stock needs a policy, without one only
 * out of stock and oversold are judged.
 * @param reorderPoint units of the policy valid at the event's time, or null where there is none
 */
export function shortageOf(onHand: number | null, reorderPoint: number | null): ShortageRule | null {
  if (onHand === null) return null
  if (onHand < 0) return 'oversold'
  if (onHand === 0) return 'out_of_stock'
  return reorderPoint !== null && onHand <= reorderPoint ? 'low_stock' : null
}

/** Whether what is on order ends a shortage once it comes: it is on its way, and nobody has to do anything. */
export function isCovered({
  onHand,
  onOrder,
  reorderPoint,
}: {
  onHand: number
  onOrder: number
  reorderPoint: number | null
}): boolean {
  return shortageOf(onHand + onOrder, reorderPoint) === null
}

export function severityOf(rule: ShortageRule): Severity {
  return rule === 'low_stock' ? 'warning' : 'critical'
}
