import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { salesEffect } from '#domain/measures.ts'
import { type KeyedStates, type Lap, OperatorFold, type Operators } from '#domain/operators/fold.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { entryTimeOf, type PartitionWatermark, type SourceProgress } from '#domain/watermark.ts'
import { classifyArrival, windowStartOf } from '#domain/window.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'
import { OPERATORS } from '#server/stream/operators.ts'
import { StockFold, type StockInput, type StockOutcome } from './stock.ts'
import type { KnownStock } from './stock-state.ts'
import { type WindowDelta, WindowsFold } from './windows.ts'

/** What a batch goes on from. */
export interface FoldStart {
  partition: number
  /** Position the batch follows. */
  previous: Position
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

/** Records of a batch, and what is known of what they touch. */
export interface FoldPart extends StockInput {
  /** Of the last entry read, which need not be among the records: it may have been set aside. */
  through: Position
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
 * verdict on lateness and no episode; nor does in how many parts one is read.
 */
export class BatchFold {
  readonly #start: FoldStart
  readonly #previousWatermark: Instant | null
  readonly #operators: OperatorFold
  readonly #windows = new WindowsFold()
  readonly #stock = new StockFold()
  readonly #lateSales: LateSale[] = []
  #events = 0
  #lateEvents = 0
  #through: Position

  constructor(start: FoldStart) {
    this.#start = start
    this.#through = start.previous
    this.#previousWatermark = start.watermark.current
    this.#operators = new OperatorFold(start.operators ?? OPERATORS, start)
  }

  /** Of the last entry read. */
  get through(): Position {
    return this.#through
  }

  /** Reads the batch, or its next part. @param records those that can be digested */
  read(records: readonly LogRecord[], part: FoldPart): void {
    const { watermark, lap } = this.#start
    const { late, events, lateEvents, lateSales, watermarks } = judgeLateness(
      records,
      watermark,
      this.#operators,
    )
    this.#events += events
    this.#lateEvents += lateEvents
    for (const sale of lateSales) this.#lateSales.push(sale)
    lap?.('lateness')
    this.#windows.read(records, late)
    lap?.('windows')
    this.#stock.read(records, part, watermarks)
    lap?.('stock')
    this.#through = part.through
  }

  /** Skus that were touched so far. */
  get touchedStocks(): number {
    return this.#stock.touched.length
  }

  /** What the batch has made of a sku so far. */
  stockAt(store: string, sku: string): KnownStock | undefined {
    const touched = this.#stock.touchedAt(store, sku)
    return touched && { ...touched, state: touched.after }
  }

  /** Lets go of what no later part can change and nobody will write: of a backlog of days nearly all. */
  forgetPast(): void {
    this.#operators.forgetPanes(this.#start.watermark.current)
  }

  /** Once all of it was read. */
  result(): BatchResult {
    const { previous, watermark } = this.#start
    return {
      previous,
      through: this.#through,
      previousWatermark: this.#previousWatermark,
      watermark,
      sources: watermark.takeTouchedSources(),
      forgottenSources: watermark.takeForgottenSources(),
      events: this.#events,
      lateEvents: this.#lateEvents,
      lateSales: this.#lateSales,
      windows: this.#windows.deltas(),
      sales: this.#windows.sales,
      stock: this.#stock.outcome(),
      operators: this.#operators,
    }
  }
}

/** A batch that is read at once. @param records those that can be digested */
export function foldBatch(records: readonly LogRecord[], input: FoldStart & FoldPart): BatchResult {
  const fold = new BatchFold(input)
  fold.read(records, input)
  return fold.result()
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
