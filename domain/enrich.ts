import { refuseOutOfBounds } from './bounds.ts'
import { businessDayOf, businessDaySpan } from './business-day.ts'
import { type EventPart, partId } from './derived-id.ts'
import type { Rejection, SentEvent } from './event.ts'
import { formatInstant, type Instant, MINUTE_MS, parseInstant } from './instant.ts'
import { type EventClass, type LogEvent, type LogLines, lineGross, RULES_VERSION } from './log-event.ts'
import { type Amount, formatAmount, parseAmount } from './money.ts'
import { refusePrices, statedPrices } from './price.ts'
import { type Store, type StoreVersion, storeOn } from './store.ts'

/** An event further ahead of the intake's clock than this is a clock fault, not a sale. */
export const MAX_CLOCK_AHEAD_MS = 2 * MINUTE_MS

export interface Enrichment {
  stores: ReadonlyMap<string, Store>
  /** The intake's clock. */
  now: Instant
  class: EventClass
  /** Hash of `canonicalBody(event)`, 32 hex digits. */
  bodyHash: string
  /** Of its document, where a file's document is several events. */
  part?: EventPart | undefined
  /** Codes that are no merchandise (postage, fees): revenue, but they hold no stock. */
  nonStockSkus?: ReadonlySet<string>
}

/**
 * Turns a sent event into what the log stores: business day, amounts, totals, partition. Happens once, at
 * the intake; no path derives these again. A transfer gives two legs, every other event one.
 */
export function enrich(
  event: SentEvent,
  context: Enrichment,
): { events: LogEvent[] } | { rejection: Rejection } {
  const store = context.stores.get(event.store)
  if (!store) return refuseStore(event.store)
  const eventTime = parseInstant(event.eventTime)
  if (eventTime === null) throw new Error(`eventTime ${event.eventTime} passed the schema but is no instant`)
  if (earliestTime(event, eventTime, store) > context.now + MAX_CLOCK_AHEAD_MS) {
    return {
      rejection: {
        reason: 'clock_skew',
        detail: `eventTime ${event.eventTime} is more than 2 minutes ahead of the intake's clock (${formatInstant(context.now)}): set the till's clock and send the event again`,
      },
    }
  }
  if (event.type === 'stock.transferred') {
    const target = context.stores.get(event.toStore)
    if (!target) return refuseStore(event.toStore)
    const legs = (
      [
        ['out', store],
        ['in', target],
      ] as const
    ).map(
      ([leg, at]): LogEvent => ({
        ...base(event, { ...context, eventTime, store: at }),
        id: partId(event.id, leg),
        store: at.id,
        ...body(event, leg, at),
      }),
    )
    for (const leg of legs) {
      const rejection = refuseOutOfBounds(event, leg)
      if (rejection) return { rejection }
      markNonStock(leg, context.nonStockSkus)
    }
    return { events: legs }
  }
  if (event.type === 'price.changed') {
    const rejection = refusePrices(event, { eventTime, store })
    if (rejection) return { rejection }
  }
  const enriched: LogEvent = { ...base(event, { ...context, eventTime, store }), ...body(event, null, store) }
  if (isDateOnly(event)) enriched.details = { ...enriched.details, dateOnly: true }
  const rejection =
    refuseOutOfBounds(event, enriched) ?? checkAmounts(event, enriched, storeOn(store, enriched.businessDay))
  if (rejection) return { rejection }
  markNonStock(enriched, context.nonStockSkus)
  return { events: [enriched] }
}

/** Of an event that is known by its date alone, the day must have begun: its time stands for the whole of it. */
function earliestTime(event: SentEvent, eventTime: Instant, { versions }: Store): Instant {
  if (!isDateOnly(event)) return eventTime
  return Math.min(eventTime, businessDaySpan(businessDayOf(eventTime, versions), versions).start)
}

function isDateOnly(event: SentEvent): boolean {
  return 'dateOnly' in event && event.dateOnly === true
}

function markNonStock(event: LogEvent, nonStockSkus: ReadonlySet<string> | undefined): void {
  const { lines } = event
  if (!lines || !nonStockSkus || nonStockSkus.size === 0) return
  if (!lines.skus.some(sku => nonStockSkus.has(sku))) return
  lines.stocked = lines.skus.map((sku, index) => (lines.stocked?.[index] ?? true) && !nonStockSkus.has(sku))
}

function base(
  event: SentEvent,
  context: Enrichment & { eventTime: Instant; store: Store },
): Omit<LogEvent, BodyField> {
  return {
    source: event.source,
    id: context.part === undefined ? event.id : partId(event.id, context.part),
    type: event.type,
    // What came without an hour of its own tells nothing of how far time is, and cannot be late.
    class: event.type === 'review.posted' || isDateOnly(event) ? 'bulk' : context.class,
    store: context.store.id,
    partition: context.store.partition,
    register: event.register ?? null,
    eventTime: context.eventTime,
    businessDay: businessDayOf(context.eventTime, context.store.versions),
    attributes: event.attributes ?? null,
    rulesVersion: RULES_VERSION,
    bodyHash: context.bodyHash,
  }
}

type BodyField =
  | 'channel'
  | 'currency'
  | 'orderId'
  | 'customer'
  | 'totalUnits'
  | 'totalGross'
  | 'totalDiscounts'
  | 'totalReturns'
  | 'totalTax'
  | 'lines'
  | 'details'

const NO_SALE = {
  channel: null,
  currency: null,
  orderId: null,
  customer: null,
  totalGross: 0,
  totalDiscounts: 0,
  totalReturns: 0,
  totalTax: 0,
} as const

const NO_LINE_AMOUNTS = {
  unitPrices: null,
  amounts: null,
  discounts: null,
  taxes: null,
  refunds: null,
  stocked: null,
} as const

function body(event: SentEvent, leg: 'out' | 'in' | null, store: Store): Pick<LogEvent, BodyField> {
  switch (event.type) {
    case 'order.placed':
    case 'order.voided': {
      const lines = orderLines(event.lines)
      return {
        ...saleHeader(event),
        totalUnits: sum(lines.units),
        totalGross: sum(lines.units.map((_, index) => lineGross(lines, index))),
        totalDiscounts: sum(lines.discounts ?? []),
        totalReturns: 0,
        totalTax: sum(lines.taxes ?? []),
        lines,
        details: details({ ...saleDetails(event), costs: costs(event.lines) }),
      }
    }
    case 'order.returned': {
      const refunds = event.lines.map(line => amount(line.refund))
      return {
        ...saleHeader(event),
        totalUnits: sum(event.lines.map(line => line.units)),
        totalGross: 0,
        totalDiscounts: 0,
        totalReturns: sum(refunds),
        totalTax: 0,
        lines: {
          ...stockLines(event.lines),
          refunds,
          stocked: event.lines.some(line => line.restock === false)
            ? event.lines.map(line => line.restock ?? true)
            : null,
        },
        details: details({
          ...saleDetails(event),
          originalOrderId: event.originalOrderId,
          reasons: perLine(event.lines, line => line.reason),
          restocks: perLine(event.lines, line => line.restock),
          costs: costs(event.lines),
        }),
      }
    }
    case 'till.closed':
      return {
        ...NO_SALE,
        currency: event.currency,
        totalUnits: 0,
        lines: null,
        details: details({
          zBusinessDay: event.businessDay,
          zOrders: event.orders,
          zUnits: event.units,
          zNet: amount(event.net),
          zTenders: event.tenders?.map(amountByType),
          zOpeningFloat: optionalAmount(event.openingFloat),
          zCountedCash: optionalAmount(event.countedCash),
          zFirstReceipt: event.firstReceipt,
          zLastReceipt: event.lastReceipt,
        }),
      }
    case 'stock.received':
    case 'stock.counted':
    case 'stock.adjusted':
      return {
        ...NO_SALE,
        totalUnits: sum(event.lines.map(line => line.units)),
        lines: stockLines(event.lines),
        details: details({
          purchaseOrderId: event.purchaseOrderId,
          reasons: perLine(event.lines, line => line.reason),
        }),
      }
    case 'stock.transferred':
      return {
        ...NO_SALE,
        totalUnits: sum(event.lines.map(line => line.units)),
        lines: stockLines(event.lines),
        details: details({
          leg,
          fromStore: event.store,
          toStore: event.toStore,
          reasons: perLine(event.lines, line => line.reason),
        }),
      }
    case 'purchase.placed':
    case 'purchase.confirmed':
    case 'purchase.cancelled':
      return {
        ...NO_SALE,
        totalUnits: sum(event.lines.map(line => line.units)),
        lines: stockLines(event.lines),
        details: details({
          purchaseOrderId: event.purchaseOrderId,
          supplier: event.supplier,
          expectedAt: event.expectedAt === undefined ? undefined : instantText(event.expectedAt),
          unitCosts: perLine(event.lines, line => optionalAmount(line.unitCost)),
        }),
      }
    case 'review.posted':
      return {
        ...NO_SALE,
        customer: event.customer ?? null,
        totalUnits: 0,
        lines: null,
        details: details({ sku: event.sku, rating: event.rating, text: event.text }),
      }
    case 'price.changed':
      return {
        ...NO_SALE,
        currency: event.currency ?? null,
        totalUnits: 0,
        // No line of goods: nothing is sold or moved by it.
        lines: null,
        details: { prices: statedPrices(event, store) },
      }
  }
}

type Sale = Extract<SentEvent, { orderId: string }>

function saleHeader(event: Sale): Pick<LogEvent, 'channel' | 'currency' | 'orderId' | 'customer'> {
  return {
    channel: event.channel,
    currency: event.currency,
    orderId: event.orderId,
    customer: event.customer ?? null,
  }
}

function saleDetails(event: Sale): Record<string, unknown> {
  return {
    session: event.session,
    tenders: tendersOf(event),
    charges: event.charges?.map(amountByType),
    cashier: event.cashier,
    cardToken: event.cardToken,
    entryMode: event.entryMode,
  }
}

function orderLines(lines: Extract<Sale, { type: 'order.placed' | 'order.voided' }>['lines']): LogLines {
  return {
    ...stockLines(lines),
    unitPrices: perLine(lines, line => optionalAmount(line.unitPrice)) ?? null,
    amounts: perLine(lines, line => optionalAmount(line.amount)) ?? null,
    discounts: perLine(lines, line => optionalAmount(line.discount)) ?? null,
    taxes: perLine(lines, line => optionalAmount(line.tax)) ?? null,
  }
}

function stockLines(lines: readonly { sku: string; units: number }[]): LogLines {
  return { ...NO_LINE_AMOUNTS, skus: lines.map(line => line.sku), units: lines.map(line => line.units) }
}

function tendersOf(event: Sale): { type: string; amount: Amount | null }[] | undefined {
  if (event.tenders) return event.tenders.map(amountByType)
  // A single tender pays the whole document; its amount is the document's total.
  return event.tender === undefined ? undefined : [{ type: event.tender, amount: null }]
}

function costs(lines: readonly { cost?: string | undefined }[]): (Amount | null)[] | undefined {
  return perLine(lines, line => optionalAmount(line.cost))
}

/** What some lines state, null where a line does not; undefined where none does. */
function perLine<Line, Value>(
  lines: readonly Line[],
  stated: (line: Line) => Value | undefined,
): (Value | null)[] | undefined {
  let isStated = false
  const values = lines.map(line => {
    const value = stated(line)
    isStated ||= value !== undefined
    return value ?? null
  })
  return isStated ? values : undefined
}

function amountByType(entry: { type: string; amount: string }): { type: string; amount: Amount } {
  return { type: entry.type, amount: amount(entry.amount) }
}

function details(fields: Record<string, unknown>): Record<string, unknown> | null {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return present.length > 0 ? Object.fromEntries(present) : null
}

function checkAmounts(event: SentEvent, enriched: LogEvent, store: StoreVersion): Rejection | null {
  if (!('orderId' in event)) return null
  const { lines } = enriched
  const overDiscounted = (lines?.discounts ?? []).findIndex(
    (discount, index) => lines !== null && (discount ?? 0) > lineGross(lines, index),
  )
  if (overDiscounted >= 0) {
    return {
      reason: 'invalid_field',
      detail: `lines[${overDiscounted}].discount is more than the line's price: a discount covers its line at most`,
    }
  }
  if (event.tender !== undefined && event.tenders !== undefined) {
    return { reason: 'invalid_field', detail: 'tender and tenders exclude each other: send one of them' }
  }
  if (event.tenders) {
    const paid = sum(event.tenders.map(tender => amount(tender.amount)))
    const total = documentTotal(enriched, store)
    if (paid !== total) {
      return {
        reason: 'tenders_differ',
        detail: `tenders add up to ${formatAmount(paid)}, the document to ${formatAmount(total)}: they must be equal`,
      }
    }
  }
  return null
}

/** What the customer pays (or gets back): net of discounts, plus tax where the store's prices exclude it, and charges. */
export function documentTotal(
  event: Pick<LogEvent, 'totalGross' | 'totalDiscounts' | 'totalReturns' | 'totalTax' | 'details'>,
  store: Pick<StoreVersion, 'taxInclusive'>,
): Amount {
  const tax = store.taxInclusive ? 0 : event.totalTax
  const charges = (event.details?.charges ?? []) as { amount: Amount }[]
  return (
    event.totalGross -
    event.totalDiscounts +
    tax +
    event.totalReturns +
    sum(charges.map(charge => charge.amount))
  )
}

function refuseStore(store: string): { rejection: Rejection } {
  return {
    rejection: {
      reason: 'unknown_store',
      detail: `store ${JSON.stringify(store)} is not known: add it with 'npm run stores -- add FILE', then send the event again`,
    },
  }
}

/** A decimal that has passed the schema. */
function amount(text: string): Amount {
  const parsed = parseAmount(text)
  if (parsed === null) throw new Error(`${JSON.stringify(text)} passed the schema but is no amount`)
  return parsed
}

function optionalAmount(text: string | undefined): Amount | undefined {
  return text === undefined ? undefined : amount(text)
}

/** A time that has passed the schema, as the instant it means. */
function instantText(text: string): string {
  const instant = parseInstant(text)
  if (instant === null) throw new Error(`${text} passed the schema but is no instant`)
  return formatInstant(instant)
}

function sum(values: readonly (number | null)[]): number {
  let total = 0
  for (const value of values) total += value ?? 0
  return total
}
