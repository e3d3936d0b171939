import type { Instant } from '#domain/instant.ts'
import type { ValidFrom } from '#domain/validity.ts'
import type { Supply } from './live-shelf.ts'

/** What a store's clocks and habits are at an instant. */
export interface ShelfStore {
  /** How far its clocks are ahead of UTC. */
  offsetMs: number
  cutOverHour: number
  /** Orders that its habits let expect in each hour of the week; null: not known. */
  ordersByHour: readonly number[] | null
  /** Sends as it sells: of a store that sends files nobody knows at noon what it has sold. */
  isLive: boolean
}

/**
 * Reference data by which the stream judges shelves, as of an event's time: rows with validity, never figures of the
 * moment, so that a replay next year looks up the same.
 */
export interface ShelfReference {
  /** Null: no such store. */
  storeAt(store: string, at: Instant): ShelfStore | null
  /** Who delivers a product to whom it may concern; null: nobody is known to. */
  supplyAt(sku: string, at: Instant): Supply | null
}

export const NO_SHELVES: ShelfReference = { storeAt: () => null, supplyAt: () => null }

/** What a store will sell of a product on a day, from an instant until the next forecast. */
export interface ValidForecast extends ValidFrom {
  /** By weekday of business days, Monday first. */
  unitsByWeekday: readonly number[]
  /** Standard deviation of a day's units. */
  spread: number
}
