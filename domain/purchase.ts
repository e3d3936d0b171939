import type { LogEvent } from './log-event.ts'

/** What became of one product of one purchase order of a store, in units, whatever order the events came in. */
export interface PurchaseLine {
  ordered: number
  cancelled: number
  received: number
}

/** What one line of an event adds to a product of a purchase order. */
export interface PurchaseEffect {
  purchaseOrder: string
  sku: string
  kind: keyof PurchaseLine
  units: number
}

export const NOTHING_ORDERED: Readonly<PurchaseLine> = { ordered: 0, cancelled: 0, received: 0 }

/** Of nearly every event. */
const NONE: readonly PurchaseEffect[] = []

const KINDS: Partial<Record<LogEvent['type'], keyof PurchaseLine>> = {
  'purchase.placed': 'ordered',
  'purchase.cancelled': 'cancelled',
  'stock.received': 'received',
}

/**
 * What an event does to purchase orders, line by line. A delivery that names no order touches none; codes that hold no
 * stock are not waited for.
 */
export function purchaseEffects(
  event: Pick<LogEvent, 'type' | 'details'> & {
    lines: Pick<NonNullable<LogEvent['lines']>, 'skus' | 'units' | 'stocked'> | null
  },
): readonly PurchaseEffect[] {
  const kind = KINDS[event.type]
  const purchaseOrder = event.details?.purchaseOrderId
  if (kind === undefined || typeof purchaseOrder !== 'string' || !event.lines) return NONE
  const { skus, units, stocked } = event.lines
  return skus.flatMap((sku, index) =>
    stocked?.[index] === false ? [] : [{ purchaseOrder, sku, kind, units: units[index] ?? 0 }],
  )
}

/**
 * Units still to come of a product of an order: what was ordered, less what was cancelled and what has come, and never
 * below zero. So an over-delivery of one order hides nothing that another still owes.
 */
export function openUnits({ ordered, cancelled, received }: PurchaseLine): number {
  return Math.max(0, ordered - cancelled - received)
}

/** Units that came beyond what was ordered and not cancelled: all of them where the order was never seen. */
export function unitsOverDelivered({ ordered, cancelled, received }: PurchaseLine): number {
  return Math.max(0, received - Math.max(0, ordered - cancelled))
}
