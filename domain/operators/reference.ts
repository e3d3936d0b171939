import type { Instant } from '#domain/instant.ts'

/** A rule as it holds from an instant of event time on. */
export interface RuleVersion {
  /** 1 is the rule as it comes; people's changes count on. */
  version: number
  validFrom: Instant
  isOn: boolean
  /** By name; those that are left out are as the rule brings them. */
  parameters: Readonly<Record<string, number>>
}

/**
 * Sizes of a store's orders in a class of hours: the middle of ln(net in 1/10,000), and its spread (1.4826 × median
 * absolute deviation, which no outlier moves; Rousseeuw & Croux, 1993).
 */
export interface OrderSizes {
  median: number
  spread: number
  documents: number
}

/**
 * Reference data that operators join with, as of an event's time: rows with validity, never figures of the moment, so
 * that a replay next year looks up the same.
 */
export interface OperatorReference {
  /** The version that holds at an instant, or null: the rule as it comes. */
  ruleAt(rule: string, at: Instant): RuleVersion | null
  /** Orders that a store's habits let expect between two instants; null where nothing is known of them. */
  expectedOrders(store: string, from: Instant, to: Instant): number | null
  /** Null where too few documents are known. */
  orderSizes(store: string, currency: string, at: Instant): OrderSizes | null
  /** Whether a store sends as it sells: one that sends a file at close is never silent before it. */
  isLive(store: string, at: Instant): boolean
}
