import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { SourceProgress } from '#domain/watermark.ts'
import type { StockOutcome } from './stock.ts'
import type { WindowDelta } from './windows.ts'

/** What a batch of one partition means, computed and not yet written. */
export interface BatchResult {
  /** The batch holds the records after this position … */
  previous: Position
  /** … up to this one. */
  through: Position
  previousWatermark: Instant | null
  watermark: Instant | null
  /** Sources whose progress changed. */
  sources: [source: string, progress: SourceProgress][]
  /** Records that are no ticks. */
  events: number
  lateEvents: number
  /** Orders, voids and returns among them. */
  sales: number
  windows: WindowDelta[]
  stock: StockOutcome
}
