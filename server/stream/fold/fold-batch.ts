import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { salesEffect } from '#domain/measures.ts'
import { type KeyedStates, type Lap, OperatorFold, type Operators } from '#domain/operators/fold.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { entryTimeOf, type PartitionWatermark, type SourceProgress } from '#domain/watermark.ts'
import { classifyArrival, windowStartOf } from '#domain/window.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'
import { OPERATORS } from '#server/stream/operators.ts'
import { foldStock, type StockInput, type StockOutcome } from './stock.ts'
import { foldWindows, type WindowDelta } from './windows.ts'

export interface FoldInput extends StockInput {
  /** Position the records follow. */
  previous: Position
  /** Of the batch's last entry, which need not be among the records: it may have been set aside. */
  through: Position
  /** As it stands there; it is taken along to the end of the batch. */
  watermark: PartitionWatermark
  /** What the operators kept before the batch, and what they join with. */
  states: KeyedStates
  reference: OperatorReference
  /** Those of the stream, unless others are given. */
  operators?: Operators | undefined
  /** Told after each operator, where the batch is timed. */
  lap?: Lap | undefined
}

/** What a batch of one partition means, computed and not yet written. */
export interface BatchResult {
  /** The batch holds the records after this position … */
  previous: Position
  /** … up to this one. */
  through: Position
  previousWatermark: Instant | null
  /** After the batch. */
  watermark: PartitionWatermark
  /** Sources whose progress changed. */
  sources: [source: string, progress: SourceProgress][]
  /** Sources that were silent for a day: the checkpoint keeps them no longer. */
  forgottenSources: string[]
  /** Records that are no ticks. */
  events: number
  lateEvents: number
  /** The sales among the late ones: each revises a window. */
  lateSales: LateSale[]
  /** Orders, voids and returns among them. */
  sales: number
  windows: WindowDelta[]
  stock: StockOutcome
  operators: OperatorFold
}

/**
 * Folds a batch of one partition: lateness, windows, stock and shortages, and what the operators make of it. A function
 * of its input, of which it moves the watermark and leaves the rest as it was: whoever fails to write the result reads
 * the watermark anew. (A copy a batch would cost every source of the day.) Where batches are cut changes no total, no
 * verdict on lateness and no episode.
 * @param records those that can be digested
 */
export function foldBatch(records: readonly LogRecord[], input: FoldInput): BatchResult {
  const { watermark, lap } = input
  const previousWatermark = watermark.current
  const operators = new OperatorFold(input.operators ?? OPERATORS, input)
  const { late, events, lateEvents, lateSales, watermarks } = judgeLateness(records, watermark, operators)
  lap?.('lateness')
  const windows = foldWindows(records, late)
  lap?.('windows')
  const stock = foldStock(records, input, watermarks)
  lap?.('stock')
  return {
    previous: input.previous,
    through: input.through,
    previousWatermark,
    watermark,
    sources: watermark.takeTouchedSources(),
    forgottenSources: watermark.takeForgottenSources(),
    events,
    lateEvents,
    lateSales,
    ...windows,
    stock,
    operators,
  }
}

/** A sale that came after its window had closed. */
export interface LateSale {
  offset: number
  appendedAt: Instant
  store: string
  channel: string
  currency: string
  windowStart: Instant
  /** By which that was judged: as it stood when the sale was appended. */
  watermark: Instant
}

/** Which records of a batch arrived after their window had closed. */
interface LatenessVerdicts {
  /** 1 where the record of the same index is late. Only live events can be. */
  late: Uint8Array
  /** After each record; below every instant while there is none. */
  watermarks: Float64Array
  lateEvents: number
  lateSales: LateSale[]
  /** Records that are no ticks. */
  events: number
}

/**
 * Moves the watermark over a batch and judges each record by the watermark before it: the partition's log
 * alone decides, so a replay at any batch size decides the same.
 * @param watermark is advanced in place
 * @param operators read along
 */
export function judgeLateness(
  records: readonly LogRecord[],
  watermark: PartitionWatermark,
  operators?: OperatorFold,
): LatenessVerdicts {
  const late = new Uint8Array(records.length)
  const watermarks = new Float64Array(records.length)
  const lateSales: LateSale[] = []
  let lateEvents = 0
  let events = 0
  records.forEach((record, index) => {
    const before = operators ? operators.read(record, watermark) : watermark.advance(entryTimeOf(record))
    watermarks[index] = watermark.current ?? Number.NEGATIVE_INFINITY
    if (record.type === 'tick') return
    events += 1
    if (record.class === 'live' && classifyArrival(record.eventTime, before) !== 'on-time') {
      late[index] = 1
      lateEvents += 1
      const sale = before === null ? null : lateSaleOf(record, before)
      if (sale) lateSales.push(sale)
    }
  })
  return { late, watermarks, lateEvents, lateSales, events }
}

function lateSaleOf(record: EventRecord, watermark: Instant): LateSale | null {
  const { offset, appendedAt, store, channel, currency, eventTime } = record
  if (channel === null || currency === null || !salesEffect(record)) return null
  return { offset, appendedAt, store, channel, currency, windowStart: windowStartOf(eventTime), watermark }
}
