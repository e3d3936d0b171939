import type { Instant } from '#domain/instant.ts'
import type { LiveAlert, LiveSale, LiveStock, LiveWindow } from '#server/web/live/messages.ts'

/** One batch of one partition: what `stream.changes` says of it, and its sales, which come from the log. */
export interface LaneRow {
  partition: number
  previousOffset: number
  throughOffset: number
  previousAppendedAt: Instant
  throughAppendedAt: Instant
  /** Of the partition, after this batch. */
  watermark: Instant | null
  processedAt: Instant
  windows: readonly LiveWindow[]
  stock: readonly LiveStock[]
  alerts: readonly LiveAlert[]
  /** Sales of the batch per store: all are counted, the newest are held. */
  sales: ReadonlyMap<string, StoreSales>
}

export interface StoreSales {
  count: number
  /** The newest of them, in log order. */
  newest: readonly LaneSale[]
}

export type LaneSale = LiveSale & { appendedAt: Instant; offset: number }

/** A row of `live.ops_lane`. */
export interface OpsRow {
  sequence: number
  kind: string
  payload: unknown
  at: Instant
}

/** Sales an update may carry, and so as many of each store and batch are worth holding. */
export const MAX_SALES_PER_UPDATE = 50
