import type { Instant } from '#domain/instant.ts'
import { openUnits } from '#domain/purchase.ts'
import { arrivalOf, expectedDelivery } from '#domain/replenishment/delivery.ts'
import { type DemandClock, placeInWeek } from '#domain/replenishment/demand-clock.ts'
import { type LeadTime, leadTimeOf } from '#domain/replenishment/lead-time.ts'
import { lookAhead, RISK_BOUNDS, type RiskBounds, shelfShortage } from '#domain/replenishment/live-shelf.ts'
import { projectStockout } from '#domain/replenishment/stockout.ts'
import { judgeShelf } from '#domain/replenishment/verdict.ts'
import { isCovered, shortageOf } from '#domain/shortage.ts'
import type { Product } from '#seed/world/catalogue.ts'
import type { Policy } from '#seed/world/policies.ts'
import { onOrderOf, type Shelf } from './shelves.ts'

/** What a judge knows of a shelf. */
export interface Situation {
  shelf: Shelf
  product: Product
  /** Null: the store keeps it no more, or does not yet. */
  policy: Policy | null
  /** Null: nothing is known of its demand. */
  clock: DemandClock | null
  at: Instant
  /** Of the store's clocks. */
  offsetMs: number
}

/** Says of a shelf whether people are to hear of it. */
export interface Judge {
  name: string
  /** After each event that touches the shelf, or once a night. */
  path: 'stream' | 'batch'
  isShort(situation: Situation, wasShort: boolean): boolean
}

/** On hand at or below the reorder point. */
export const byReorderPoint: Judge = {
  name: 'at the reorder point',
  path: 'stream',
  isShort: ({ shelf, policy }) => policy !== null && shortageOf(shelf.onHand, policy.reorderPoint) !== null,
}

/** The same, where what is on order does not end it: what stands under Needs you. */
export const byCoveredReorderPoint: Judge = {
  name: 'at the reorder point, not covered',
  path: 'stream',
  isShort({ shelf, policy }) {
    if (!policy || shelf.onHand === null || shortageOf(shelf.onHand, policy.reorderPoint) === null)
      return false
    return !isCovered({ onHand: shelf.onHand, onOrder: onOrderOf(shelf), reorderPoint: policy.reorderPoint })
  },
}

/** The verdict of the plan, on what a night knows. */
export const byPlan: Judge = {
  name: 'nightly plan',
  path: 'batch',
  isShort(situation) {
    const { shelf, policy, clock, at, offsetMs } = situation
    if (!policy || !clock || shelf.onHand === null) return false
    return (
      judgeShelf({
        stockout: projectStockout(clock, { at, from: placeInWeek(at, offsetMs), onHand: shelf.onHand }),
        nextDeliveryAt: nextDeliveryAt(situation),
        orderArrivesAt: orderArrivesAt(situation),
      }) === 'short'
    )
  },
}

/**
 * The stream's own verdict, after each event of the shelf; what time alone changes it hears of with the next of them.
 * @param bounds those of the stream, unless others are tried
 */
export function byLiveVerdict(bounds: RiskBounds = RISK_BOUNDS): Judge {
  return {
    name: `empty before the next delivery, ${Math.round(100 * bounds.opening)}% sure`,
    path: 'stream',
    isShort(situation, wasShort) {
      const { shelf, product, policy, clock, at, offsetMs } = situation
      const { onHand, orders, pace } = shelf
      if (!policy || onHand === null || !clock) return false
      const deliveries = [...orders].map(([purchaseOrder, line]) => ({
        ...{ purchaseOrder, units: openUnits(line) },
        ...{ placedAt: line.placedAt, expectedAt: line.expectedAt },
      }))
      const { deliveryDays } = product.supplier
      const leadTime = leadTimeFor(product)
      const supply = leadTime && { leadTime, deliveryDays }
      const outlook = lookAhead({ at, offsetMs, onHand, clock, pace, deliveries, supply })
      return shelfShortage({ onHand, ...policy }, outlook, wasShort, bounds) !== null
    },
  }
}

function leadTimeFor(product: Product): LeadTime | null {
  return leadTimeOf([], product.supplier.leadTimeDays)
}

function nextDeliveryAt({ shelf, product, at }: Situation): Instant | null {
  let next: Instant | null = null
  for (const order of shelf.orders.values()) {
    const due = expectedDelivery(order, { leadTime: leadTimeFor(product), at })
    if (due && (next === null || due.at < next)) next = due.at
  }
  return next
}

function orderArrivesAt({ product, at, offsetMs }: Situation): Instant | null {
  const { leadTimeDays, deliveryDays } = product.supplier
  return arrivalOf(at, { leadDays: leadTimeDays, deliveryDays, offsetMs })
}
