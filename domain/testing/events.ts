import { bodyHashOf } from '#domain/canonical.ts'
import { type Enrichment, enrich } from '#domain/enrich.ts'
import { parseEvent, type SentEvent } from '#domain/event.ts'
import { type Instant, parseInstant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { EXAMPLE_STORES_BY_ID } from './stores.ts'

/**
 * A sent event as the log holds it (a transfer gives two), through schema and enrichment as at the intake, at the
 * instant of the event. Throws when it is refused.
 */
export function toLogEvents(sent: SentEvent, fields: Partial<Enrichment> = {}): LogEvent[] {
  const parsed = parseEvent(sent)
  if ('rejection' in parsed) throw new Error(`${sent.id}: ${parsed.rejection.detail}`)
  const result = enrich(parsed.event, {
    stores: EXAMPLE_STORES_BY_ID,
    now: parseInstant(sent.eventTime) ?? 0,
    class: 'live',
    bodyHash: bodyHashOf(parsed.event),
    ...fields,
  })
  if ('rejection' in result) throw new Error(`${sent.id}: ${result.rejection.detail}`)
  return result.events
}

type Lines<Type extends SentEvent['type']> = Extract<SentEvent, { type: Type; lines: unknown }>['lines']
interface Where {
  id: string
  at: string
  store?: string
}

function header({ id, at, store = 'berlin' }: Where) {
  return { source: `till-${store}`, id, store, eventTime: at }
}

function saleHeader(where: Where) {
  const store = where.store ?? 'berlin'
  const currency = EXAMPLE_STORES_BY_ID.get(store)?.currency ?? 'EUR'
  return { ...header(where), channel: 'pos' as const, currency, orderId: where.id }
}

export function placed(where: Where & { customer?: string }, lines: Lines<'order.placed'>): SentEvent {
  const customer = where.customer === undefined ? {} : { customer: where.customer }
  return { type: 'order.placed', ...saleHeader(where), ...customer, lines }
}

export function voided(
  where: Where & { orderId: string; customer?: string },
  lines: Lines<'order.voided'>,
): SentEvent {
  const customer = where.customer === undefined ? {} : { customer: where.customer }
  return { type: 'order.voided', ...saleHeader(where), ...customer, orderId: where.orderId, lines }
}

export function returned(where: Where, lines: Lines<'order.returned'>): SentEvent {
  return { type: 'order.returned', ...saleHeader(where), lines }
}

export function received(where: Where & Purchase, lines: Lines<'stock.received'>): SentEvent {
  const { purchaseOrderId } = where
  return {
    type: 'stock.received',
    ...header(where),
    ...(purchaseOrderId === undefined ? {} : { purchaseOrderId }),
    lines,
  }
}

export function counted(where: Where, lines: Lines<'stock.counted'>): SentEvent {
  return { type: 'stock.counted', ...header(where), lines }
}

/** Of a delivery, the purchase order that it fills. */
interface Purchase {
  purchaseOrderId?: string
}

export function ordered(where: Where & Required<Purchase>, lines: Lines<'purchase.placed'>): SentEvent {
  const { purchaseOrderId } = where
  return { type: 'purchase.placed', ...header(where), purchaseOrderId, supplier: 's-1', lines }
}

export function cancelled(where: Where & Required<Purchase>, lines: Lines<'purchase.cancelled'>): SentEvent {
  const { purchaseOrderId } = where
  return { type: 'purchase.cancelled', ...header(where), purchaseOrderId, supplier: 's-1', lines }
}

export function adjusted(where: Where, lines: Lines<'stock.adjusted'>): SentEvent {
  return { type: 'stock.adjusted', ...header(where), lines }
}

export function transferred(
  where: Where & { toStore: string },
  lines: Lines<'stock.transferred'>,
): SentEvent {
  return { type: 'stock.transferred', ...header(where), toStore: where.toStore, lines }
}

type Movement =
  | 'stock.received'
  | 'stock.counted'
  | 'stock.adjusted'
  | 'purchase.placed'
  | 'purchase.cancelled'

let lastId = 0

/** An order of `units` of one sku in Berlin, 10.00 each. */
export function sale(at: Instant, units: number, fields: { sku?: string; source?: string } = {}): LogEvent {
  const { sku = 'tea', source = 'till-1' } = fields
  lastId += 1
  const id = `sale-${lastId}`
  return only({
    type: 'order.placed',
    source,
    id,
    store: 'berlin',
    eventTime: new Date(at).toISOString(),
    channel: 'pos',
    currency: EXAMPLE_STORES_BY_ID.get('berlin')?.currency ?? 'EUR',
    orderId: id,
    lines: [{ sku, units, unitPrice: '10.00' }],
  })
}

/** A movement of one sku in Berlin. */
export function movement(
  type: Movement,
  at: Instant,
  units: number,
  fields: { purchase?: string; sku?: string } = {},
): LogEvent {
  lastId += 1
  const { sku = 'tea' } = fields
  const header = {
    source: 'store-room',
    id: `movement-${lastId}`,
    store: 'berlin',
    eventTime: new Date(at).toISOString(),
    lines: [{ sku, units }],
  }
  const purchaseOrderId = fields.purchase ?? 'p-1'
  if (type === 'purchase.placed' || type === 'purchase.cancelled') {
    return only({ type, ...header, purchaseOrderId, supplier: 's-1' })
  }
  return only({ type, ...header, ...(fields.purchase === undefined ? {} : { purchaseOrderId }) })
}

function only(sent: SentEvent): LogEvent {
  const [event] = toLogEvents(sent)
  if (!event) throw new Error(`${sent.id} gave no event`)
  return event
}
