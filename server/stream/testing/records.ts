import type { SentEvent } from '#domain/event.ts'
import { enrichExample } from '#domain/examples/enrich-example.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/examples/example-stores.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'

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
  fields: { purchase?: string } = {},
): LogEvent {
  lastId += 1
  const header = {
    source: 'store-room',
    id: `movement-${lastId}`,
    store: 'berlin',
    eventTime: new Date(at).toISOString(),
    lines: [{ sku: 'tea', units }],
  }
  const purchaseOrderId = fields.purchase ?? 'p-1'
  if (type === 'purchase.placed' || type === 'purchase.cancelled') {
    return only({ type, ...header, purchaseOrderId, supplier: 's-1' })
  }
  return only({ type, ...header, ...(fields.purchase === undefined ? {} : { purchaseOrderId }) })
}

function only(sent: SentEvent): LogEvent {
  const [event] = enrichExample(sent)
  if (!event) throw new Error(`${sent.id} gave no event`)
  return event
}
