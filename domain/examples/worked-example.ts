import type { SentEvent } from '#domain/event.ts'

/**
 * A worked example of `semantics`: events as their sources send them, and the figures they must give.
 * The tests of the domain, of the stream path and of the batch path all run the same tables: each path
 * has its own code, so their agreement here means something.
 */
export interface WorkedExample {
  /** A sentence. */
  title: string
  /** Store ids used; their calendars are in EXAMPLE_STORES. */
  events: SentEvent[]
  /** Figures per store and business day; money as decimals with four places. */
  daily?: ExpectedDay[]
  /** Per local hour, keyed by the instant it begins. */
  hourly?: { store: string; businessDay: string; hourStart: string; orders: number; gross: string }[]
  /** Per one-minute window, keyed by the instant it begins. */
  windows?: { store: string; windowStart: string; orders: number; net: string }[]
  /** On hand at the end, null is unknown; on order where the example is about it: the stream alone tells that. */
  stock?: { store: string; sku: string; onHand: number | null; onOrder?: number }[]
  /** Rows of the daily inventory, in units. */
  inventory?: ExpectedInventory[]
}

export interface ExpectedDay {
  store: string
  businessDay: string
  orders: number
  units: number
  gross: string
  discounts: string
  returns: string
  net: string
  returnDocuments: number
  unitsReturned: number
  customers: number
}

export interface ExpectedInventory {
  store: string
  businessDay: string
  sku: string
  opening: number
  received: number
  sold: number
  returned: number
  adjusted: number
  transferred: number
  countCorrection: number
  closing: number
}
