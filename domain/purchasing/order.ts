import type { Instant } from '#domain/instant.ts'
import { openUnits, type PurchaseUnits, unitsOverDelivered } from '#domain/purchase.ts'

/**
 * How a buyer's order stands. Nobody sets it: it follows from when it was placed, what the supplier said and what has
 * come.
 */
export type OrderState =
  | 'draft'
  /** Placed; the intake has not taken its events yet. */
  | 'sending'
  | 'placed'
  | 'confirmed'
  /** Something is open past the time it was expected at. */
  | 'late'
  /** Nothing more is expected, and something has come. */
  | 'received'
  /** Nothing more is expected, and nothing has come. */
  | 'cancelled'

export interface OrderFacts {
  placedAt: Instant | null
  isSent: boolean
  confirmedAt: Instant | null
  expectedAt: Instant | null
  lines: readonly PurchaseUnits[]
}

export function orderState(
  { placedAt, isSent, confirmedAt, expectedAt, lines }: OrderFacts,
  now: Instant,
): OrderState {
  if (placedAt === null) return 'draft'
  if (!isSent) return 'sending'
  if (lines.every(line => openUnits(line) === 0)) {
    return lines.some(({ received }) => received > 0) ? 'received' : 'cancelled'
  }
  if (expectedAt !== null && expectedAt < now) return 'late'
  return confirmedAt === null ? 'placed' : 'confirmed'
}

/** How a line of a placed order stands. */
export type LineState = 'open' | 'in part' | 'received' | 'short' | 'over' | 'cancelled'

export function lineState(line: PurchaseUnits): LineState {
  if (unitsOverDelivered(line) > 0) return 'over'
  if (openUnits(line) > 0) return line.received > 0 ? 'in part' : 'open'
  if (line.cancelled === 0) return 'received'
  return line.received > 0 ? 'short' : 'cancelled'
}
