import type { Instant } from '#domain/instant.ts'
import type { OpenDelivery } from '#domain/replenishment/live-shelf.ts'
import { NO_SALES_PACE, type SalesPace } from '#domain/replenishment/pace-of-sales.ts'
import type { ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import type { Severity, ShortageRule } from '#domain/shortage.ts'
import type { MovementKind } from '#domain/stock-effects.ts'
import type { ValidFrom } from '#domain/validity.ts'

/** The stock of one sku in one store after some offset. */
export interface StockState {
  /** Null: unknown, there was no count and no opening receipt yet. */
  onHand: number | null
  /** Over its purchase orders, what is open of each: ordered, and neither cancelled nor received. */
  onOrder: number
  /** The orders behind it; replaced, never changed in place. */
  deliveries: readonly OpenDelivery[]
  /** How fast it sells of late; replaced, never changed in place. */
  pace: SalesPace
  /** What `onHand` stands on: the latest count, or without one the earliest receipt. */
  anchorKind: 'count' | 'opening' | null
  anchorTime: Instant | null
  anchorOffset: number | null
  /** Newest event time of any delta: an anchor after it has nothing to add up. */
  maxDeltaTime: Instant | null
  /** Of the policy valid at `asOf`; null where there is none. */
  reorderPoint: number | null
  /** Newest event time of anything that touched this state. */
  asOf: Instant
  /** As of when it was judged last: `asOf`, or a later minute of the watermark at which time alone may have mattered. */
  judgedAt: Instant
  /** When to look at it again should no event touch it; null: time alone changes nothing. */
  lookAt: Instant | null
  lastOffset: number
  /** The open episode, if there is one. */
  episode: Episode | null
}

/** A shortage of one sku in one store, from the event that began it to the one that ended it. */
export interface Episode {
  alertId: string
  store: string
  sku: string
  rule: ShortageRule
  ruleVersion: number
  severity: Severity
  state: 'open' | 'resolved'
  openedAt: Instant
  openedOffset: number
  /** When what people are told of it last changed: rule, severity, reorder point, units on order, when they are due. */
  amendedAt: Instant
  amendedOffset: number
  resolvedAt: Instant | null
  onHand: number
  onOrder: number
  reorderPoint: number | null
  /** Units that bring the inventory position up to the policy's level; null where the policy has none. */
  suggestedUnits: number | null
  /** When the shelf is empty if nothing comes, and as early and late as it is in one case of ten; null: not known. */
  projectedStockoutAt: Instant | null
  stockoutEarlyAt: Instant | null
  stockoutLateAt: Instant | null
  /** When the delivery that helps was said to come; null: none is on its way, or nobody knows when. */
  nextDeliveryAt: Instant | null
  /** When an order would come that is placed as it is judged; null: not known. */
  orderArrivesAt: Instant | null
}

/** A rule of replenishment for one sku in one store, valid from an instant until the next one. */
export interface StockPolicy extends ValidFrom {
  reorderPoint: number
  /** Level that an order brings the inventory position up to; null where none is set. */
  orderUpTo: number | null
}

/** What is known of a sku in a store before a batch. */
export interface KnownStock {
  /** A text of its own, as it is kept for long. */
  sku: string
  /** Null: no event has touched it yet. */
  state: StockState | null
  /** Ascending by `validFrom`. */
  policies: readonly StockPolicy[]
  /** Ascending by `validFrom`. */
  forecasts: readonly ValidForecast[]
}

export type KnownStocks = ReadonlyMap<string, ReadonlyMap<string, KnownStock>>

/** One line's movement of one sku, at its place in time and in the log. */
export interface Movement {
  kind: MovementKind
  /** Signed; for `counted` the units counted. */
  units: number
  eventTime: Instant
  offset: number
}

/** Of nearly every stock. */
export const NO_DELIVERIES: readonly OpenDelivery[] = []

export function unknownStock(asOf: Instant): StockState {
  return {
    onHand: null,
    onOrder: 0,
    deliveries: NO_DELIVERIES,
    pace: NO_SALES_PACE,
    anchorKind: null,
    anchorTime: null,
    anchorOffset: null,
    maxDeltaTime: null,
    reorderPoint: null,
    asOf,
    judgedAt: asOf,
    lookAt: null,
    lastOffset: 0,
    episode: null,
  }
}

/**
 * The sum of this sku's deltas at earlier offsets that lie after an instant (or at it, where `inclusive`).
 * Only asked for when a new anchor stands.
 */
export type DeltasAfter = (after: Instant, inclusive: boolean) => number

/**
 * Moves a state by one line, in place. Whatever the order of arrival, the outcome is: the latest count (by
 * event time, then offset) plus the deltas strictly after it; without a count the earliest receipt's
 * instant is the opening, from which on every delta counts, itself included; with neither, unknown.
 */
export function applyMovement(state: StockState, movement: Movement, deltasAfter: DeltasAfter): void {
  if (movement.kind === 'counted') applyCount(state, movement, deltasAfter)
  else applyDelta(state, movement, deltasAfter)
}

function applyCount(
  state: StockState,
  { units, eventTime, offset }: Movement,
  deltasAfter: DeltasAfter,
): void {
  const isOlder = state.anchorKind === 'count' && state.anchorTime !== null && state.anchorTime > eventTime
  if (isOlder) return
  state.onHand = units + deltasAfter(eventTime, false)
  state.anchorKind = 'count'
  state.anchorTime = eventTime
  state.anchorOffset = offset
}

function applyDelta(state: StockState, movement: Movement, deltasAfter: DeltasAfter): void {
  const { kind, units, eventTime, offset } = movement
  if (kind === 'received' && opensBefore(state, eventTime)) {
    state.onHand = deltasAfter(eventTime, true) + units
    state.anchorKind = 'opening'
    state.anchorTime = eventTime
    state.anchorOffset = offset
  } else if (state.onHand !== null && state.anchorTime !== null) {
    const counts = state.anchorKind === 'count' ? eventTime > state.anchorTime : eventTime >= state.anchorTime
    if (counts) state.onHand += units
  }
  if (state.maxDeltaTime === null || eventTime > state.maxDeltaTime) state.maxDeltaTime = eventTime
}

/** Whether a receipt at this instant is the opening: there is no count and no earlier receipt. */
export function opensBefore(state: StockState, eventTime: Instant): boolean {
  if (state.anchorKind === null) return true
  return state.anchorKind === 'opening' && state.anchorTime !== null && eventTime < state.anchorTime
}
