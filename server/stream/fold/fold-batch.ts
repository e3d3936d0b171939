import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { SALES_DOCUMENTS } from '#domain/measures.ts'
import type { PartitionWatermark } from '#domain/watermark.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import type { BatchResult } from './batch-result.ts'
import { judgeLateness } from './lateness.ts'
import { foldStock, type KnownStocks } from './stock.ts'
import { foldWindows } from './windows.ts'

export interface FoldInput {
  partition: number
  /** Position the records follow. */
  previous: Position
  /** Advanced in place: throw it away with the batch when the batch is not written. */
  watermark: PartitionWatermark
  /** Of every store and sku the records touch. */
  known: KnownStocks
  lookbacks: ReadonlyMap<string, number>
}

/**
 * Runs every operator over a batch of one partition. A function of its input alone: where batches are cut
 * changes no total, no verdict on lateness and no episode.
 * @param records at least one
 */
export function foldBatch(records: readonly LogRecord[], input: FoldInput): BatchResult {
  const { partition, previous, watermark, known, lookbacks } = input
  const last = records.at(-1)
  if (!last) throw new Error('a batch holds at least one record')
  const previousWatermark: Instant | null = watermark.current
  const { late, events, lateEvents } = judgeLateness(records, watermark)
  return {
    previous,
    through: { offset: last.offset, appendedAt: last.appendedAt },
    previousWatermark,
    watermark: watermark.current,
    sources: watermark.takeTouchedSources(),
    events,
    lateEvents,
    sales: records.reduce((count, record) => count + (isSale(record) ? 1 : 0), 0),
    windows: foldWindows(records, late),
    stock: foldStock(records, { partition, known, lookbacks }),
  }
}

const SALES: ReadonlySet<string> = new Set(SALES_DOCUMENTS)

function isSale(record: LogRecord): boolean {
  return SALES.has(record.type)
}
