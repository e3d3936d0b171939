import type { EventPart } from '#domain/derived-id.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { type Store, storeAt } from '#domain/store.ts'
import type { RowMapping } from './mapping.ts'

/** The rows of one document that make one event, in the order of the file. */
export interface DocumentPart {
  kind: 'o' | 'r' | 'a'
  rows: number[]
  skus: string[]
  units: number[]
  /** Of each line one of the two, signed as the file has them: the price of one unit, or the gross of the line. */
  unitPrices: (number | null)[]
  amounts: (number | null)[] | null
  discounts: (number | null)[] | null
  taxes: (number | null)[] | null
  reasons: (string | null)[] | null
  customer: string | null
  tender: string | null
  register: string | null
  channel: 'pos' | 'online' | null
  currency: string | null
  attributes: Record<string, string> | null
}

/** A document: an order or a return, a stock adjustment, or several of them. */
export interface Document {
  store: Store['id']
  document: string
  /** Its earliest row's. */
  eventTime: Instant
  /** Only the day is known; `eventTime` is the middle of that business day. */
  dateOnly: boolean
  parts: DocumentPart[]
}

/** An event of a document with the rows it comes from. */
export interface DocumentEvent {
  event: SentEvent
  /** Where it stands beside the document's sale: its id in the log is one that no sender can take. */
  part: EventPart | undefined
  rows: number[]
}

/**
 * The id of a document's event. Where one file speaks for several stores, two of them may use the same number; a slash
 * in a store's own id is written otherwise there, so that the first one ends it.
 */
export function documentIdOf(
  { columns }: Pick<RowMapping, 'columns'>,
  { store, document }: Pick<Document, 'store' | 'document'>,
): string {
  return 'constant' in columns.store ? document : `${store.replace(/[%/]/g, encodeURIComponent)}/${document}`
}

/**
 * The events of a document as a till would have sent them, under the document's number: its order or return, a stock
 * adjustment as its part `adjust`, and goods taken back on an order's own document as its part `return`.
 */
export function eventsOfDocument(document: Document, mapping: RowMapping, store: Store): DocumentEvent[] {
  const hasOrder = document.parts.some(part => part.kind === 'o')
  return document.parts.map(part => ({
    rows: part.rows,
    event: toEvent(part, { mapping, store, document, hasOrder }),
    part: part.kind === 'a' ? 'adjust' : part.kind === 'r' && hasOrder ? 'return' : undefined,
  }))
}

interface Context {
  mapping: RowMapping
  store: Store
  document: Document
  hasOrder: boolean
}

function toEvent(part: DocumentPart, { mapping, store, document, hasOrder }: Context): SentEvent {
  const id = documentIdOf(mapping, document)
  const header = {
    source: mapping.name,
    store: store.id,
    eventTime: formatInstant(document.eventTime),
    ...(part.register !== null && { register: part.register }),
    ...(part.attributes !== null && { attributes: part.attributes }),
    ...(document.dateOnly && { dateOnly: true as const }),
  }
  if (part.kind === 'a') {
    return {
      ...header,
      type: 'stock.adjusted',
      id,
      lines: part.skus.map((sku, index) => ({
        sku,
        units: part.units[index] ?? 0,
        ...reasonOf(part, index),
      })),
    }
  }
  const { channel, currency } = storeAt(store, document.eventTime)
  const sale = {
    ...header,
    id,
    orderId: document.document + (part.kind === 'r' && hasOrder ? '#return' : ''),
    channel: part.channel ?? channel,
    currency: part.currency ?? currency,
    ...(part.customer !== null && { customer: part.customer }),
    ...(part.tender !== null && { tender: part.tender }),
  }
  return part.kind === 'o'
    ? { ...sale, type: 'order.placed', lines: part.skus.map((sku, index) => orderLine(part, sku, index)) }
    : { ...sale, type: 'order.returned', lines: part.skus.map((sku, index) => returnLine(part, sku, index)) }
}

function orderLine(part: DocumentPart, sku: string, index: number) {
  const discount = part.discounts?.[index] ?? null
  const tax = part.taxes?.[index] ?? null
  return {
    sku,
    units: part.units[index] ?? 0,
    ...worthOf(part, index),
    ...(discount !== null && { discount: formatAmount(discount) }),
    ...(tax !== null && { tax: formatAmount(tax) }),
  }
}

function worthOf(part: DocumentPart, index: number): { unitPrice: string } | { amount: string } {
  const amount = part.amounts?.[index] ?? null
  return amount === null
    ? { unitPrice: formatAmount(part.unitPrices[index] ?? 0) }
    : { amount: formatAmount(amount) }
}

/** Files write returned units and amounts with either sign; what is refunded is their worth less their discount. */
function returnLine(part: DocumentPart, sku: string, index: number) {
  const units = Math.abs(part.units[index] ?? 0)
  const amount = part.amounts?.[index] ?? null
  const gross =
    amount === null ? BigInt(units) * BigInt(part.unitPrices[index] ?? 0) : BigInt(Math.abs(amount))
  const refund = gross - BigInt(part.discounts?.[index] ?? 0)
  return { sku, units, refund: formatAmount(refund), ...reasonOf(part, index) }
}

function reasonOf(part: DocumentPart, index: number): { reason?: string } {
  const reason = part.reasons?.[index] ?? null
  return reason === null ? {} : { reason }
}
