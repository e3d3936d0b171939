import type { BusinessDay } from './calendar.ts'
import type { EventType } from './event.ts'
import type { Instant } from './instant.ts'
import type { Amount } from './money.ts'

/** Live: what comes over HTTP, except reviews; moves watermarks and can be late. Bulk: files, journals, reviews. */
export type EventClass = 'live' | 'bulk'

/**
 * Raised when enrichment or effects change meaning; stored with every event and every result. From 2 on a row keeps all
 * that was sent, so that the sender's body can be rebuilt from it; no figure of a row of before means anything else.
 */
export const RULES_VERSION = 2

/** The lines of an event as parallel arrays, as the log stores them. */
export interface LogLines {
  skus: string[]
  /** Signed only for stock.adjusted; otherwise as the document says, positive. */
  units: number[]
  /** Null where the line states its amount. */
  unitPrices: (Amount | null)[] | null
  /** A line's gross where it was stated as such; null: units × unit price. */
  amounts: (Amount | null)[] | null
  /** Null where none was stated. */
  discounts: (Amount | null)[] | null
  taxes: (Amount | null)[] | null
  refunds: Amount[] | null
  /** False: the line moves no stock (goods not put back, or a code that is no merchandise). Null: all lines do. */
  stocked: boolean[] | null
}

/**
 * An event enriched at the intake: what the log stores and both paths read. Header totals are positive
 * magnitudes of the document; `stock-effects.ts` and `measures.ts` give them their sign.
 */
export interface LogEvent {
  source: string
  id: string
  type: EventType
  class: EventClass
  store: string
  partition: number
  channel: 'pos' | 'online' | null
  register: string | null
  eventTime: Instant
  businessDay: BusinessDay
  currency: string | null
  orderId: string | null
  customer: string | null
  totalUnits: number
  totalGross: Amount
  totalDiscounts: Amount
  /** Refunds of a return. */
  totalReturns: Amount
  totalTax: Amount
  lines: LogLines | null
  /**
   * What only some types carry: tenders, charges, session, purchaseOrderId, supplier, toStore, leg, rating, prices, Z totals …
   * With the columns it holds all that was sent, an absent field told apart from any value it could have.
   */
  details: Record<string, unknown> | null
  attributes: Record<string, string> | null
  rulesVersion: number
  /** 128 bits over the sender's fields in canonical form, 32 hex digits: the same body gives the same hash. */
  bodyHash: string
}

/** What a line of an order is worth before discounts: as stated, or units × unit price. */
export function lineGross(
  { units, unitPrices, amounts }: Pick<LogLines, 'units' | 'unitPrices' | 'amounts'>,
  index: number,
): Amount {
  return amounts?.[index] ?? (units[index] ?? 0) * (unitPrices?.[index] ?? 0)
}

/** A place in one partition of the log. `appendedAt` is a hint that lets reads skip day partitions. */
export interface Position {
  offset: number
  appendedAt: Instant
}

/** The place before the first entry. Offsets start at 1. */
export const LOG_START: Position = { offset: 0, appendedAt: 0 }
