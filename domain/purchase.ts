import { type Instant, parseInstant } from './instant.ts'
import type { LogEvent } from './log-event.ts'

/** Units of one product of one purchase order of a store. */
export interface PurchaseUnits {
  ordered: number
  cancelled: number
  received: number
}

/** What became of one product of one purchase order of a store, whatever order the events came in. */
export interface PurchaseLine extends PurchaseUnits {
  /** Event time of the first placement: a lead time is counted from here. Null: what came was never seen ordered. */
  placedAt: Instant | null
  /** Event time of the first confirmation by the supplier. */
  confirmedAt: Instant | null
  /** Event time of the newest placement or confirmation: what it says of supplier and date holds. */
  saidAt: Instant | null
  /** Who delivers, and when they are to. */
  supplier: string | null
  expectedAt: Instant | null
}

/** What one line of an event adds to a product of a purchase order. */
export interface PurchaseEffect {
  purchaseOrder: string
  sku: string
  kind: keyof PurchaseUnits | 'confirmed'
  units: number
  /** Of a placement or a confirmation; null where it does not say. */
  supplier: string | null
  expectedAt: Instant | null
}

export const NOTHING_ORDERED: Readonly<PurchaseLine> = {
  ordered: 0,
  cancelled: 0,
  received: 0,
  placedAt: null,
  confirmedAt: null,
  saidAt: null,
  supplier: null,
  expectedAt: null,
}

/** Of nearly every event. */
const NONE: readonly PurchaseEffect[] = []

const KINDS: Partial<Record<LogEvent['type'], PurchaseEffect['kind']>> = {
  'purchase.placed': 'ordered',
  'purchase.confirmed': 'confirmed',
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
  const said = { supplier: textOf(event.details?.supplier), expectedAt: instantOf(event.details?.expectedAt) }
  return skus.flatMap((sku, index) =>
    stocked?.[index] === false ? [] : [{ purchaseOrder, sku, kind, units: units[index] ?? 0, ...said }],
  )
}

/** The line after an effect of an event of `eventTime`. Of two that say a date at one instant the one that arrived last stands. */
export function afterPurchase(
  line: Readonly<PurchaseLine>,
  { kind, units, supplier, expectedAt }: Pick<PurchaseEffect, 'kind' | 'units' | 'supplier' | 'expectedAt'>,
  eventTime: Instant,
): PurchaseLine {
  const after = { ...line }
  if (kind === 'confirmed') after.confirmedAt = Math.min(line.confirmedAt ?? eventTime, eventTime)
  else after[kind] += units
  if (kind === 'ordered') after.placedAt = Math.min(line.placedAt ?? eventTime, eventTime)
  else if (kind !== 'confirmed') return after
  if (line.saidAt !== null && eventTime < line.saidAt) return after
  return { ...after, saidAt: eventTime, supplier, expectedAt }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function instantOf(value: unknown): Instant | null {
  return typeof value === 'string' ? parseInstant(value) : null
}

/**
 * Units still to come of a product of an order: what was ordered, less what was cancelled and what has come, and never
 * below zero. So an over-delivery of one order hides nothing that another still owes.
 */
export function openUnits({ ordered, cancelled, received }: PurchaseUnits): number {
  return Math.max(0, ordered - cancelled - received)
}

/** Units that came beyond what was ordered and not cancelled: all of them where the order was never seen. */
export function unitsOverDelivered({ ordered, cancelled, received }: PurchaseUnits): number {
  return Math.max(0, received - Math.max(0, ordered - cancelled))
}
