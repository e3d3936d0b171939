import { HOUR_MS, type Instant } from './instant.ts'

/** What a shortage of one sku in one store may be, worst last. */
export const SHORTAGE_RULES = ['low_stock', 'stockout_before_delivery', 'out_of_stock', 'oversold'] as const
export type ShortageRule = (typeof SHORTAGE_RULES)[number]
export type Severity = 'warning' | 'critical'

/** Raised when the rules below change their verdicts; alerts carry it. */
export const SHORTAGE_RULE_VERSION = 2

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
  return onOrder > 0 && shortageOf(onHand + onOrder, reorderPoint) === null
}

/** A shelf that will be empty within so long, before help, is critical … */
const CRITICAL_WITHIN_MS = 12 * HOUR_MS
/** … and goes on being so until it will not be within so long. */
const NOT_CRITICAL_BEYOND_MS = 24 * HOUR_MS

/**
 * @param projected of a shelf that will be empty before help: when, as of `at`, and how it was judged last. It rises as the
 *   stockout draws near.
 */
export function severityOf(
  rule: ShortageRule,
  projected: { stockoutAt: Instant | null; at: Instant; before: Severity | null } | null = null,
): Severity {
  if (rule === 'low_stock') return 'warning'
  if (rule !== 'stockout_before_delivery') return 'critical'
  if (projected === null || projected.stockoutAt === null) return 'warning'
  const within = projected.before === 'critical' ? NOT_CRITICAL_BEYOND_MS : CRITICAL_WITHIN_MS
  return projected.stockoutAt - projected.at <= within ? 'critical' : 'warning'
}
