import type { Instant } from '#domain/instant.ts'
import { LOG_START, type LogEvent, type Position } from '#domain/log-event.ts'
import { MEASURE_NAMES } from '#domain/measures.ts'
import { addExact } from '#domain/money.ts'
import { MemoryStates } from '#domain/operators/memory-states.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { NO_HABITS } from '#domain/operators/testing/fold-operators.ts'
import type { PurchaseLine } from '#domain/purchase.ts'
import { NO_SHELVES, type ShelfReference, type ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'
import { type BatchResult, foldBatch } from '#server/stream/fold/fold-batch.ts'
import { lookbackKey, neededLookbacks } from '#server/stream/fold/lookback.ts'
import { purchaseKey, type StockKey } from '#server/stream/fold/stock.ts'
import type { Episode, KnownStock, StockPolicy, StockState } from '#server/stream/fold/stock-state.ts'
import type { WindowDelta } from '#server/stream/fold/windows.ts'

const SUMS = [...MEASURE_NAMES, 'lateNet', 'revision', 'bulkEvents'] as const
/** A window's deltas added up; none of these tests leaves the safe integers. */
type FoldedWindow = WindowDelta & Record<(typeof SUMS)[number], number>

/** What the folds make of a partition's log, held in memory: the tables without a database. */
export interface FoldedLog {
  windows: Map<string, FoldedWindow>
  stock: Map<string, StockState>
  /** By `purchaseKey`. */
  purchases: Map<string, PurchaseLine>
  episodes: Map<string, Episode>
  watermark: Instant | null
  lateEvents: number
}

export interface FoldOptions {
  /** Sizes of the batches in turn; the last one repeats. */
  batchSizes?: readonly number[]
  /** By `store/sku`, ascending. */
  policies?: ReadonlyMap<string, readonly StockPolicy[]>
  /** The same. */
  forecasts?: ReadonlyMap<string, readonly ValidForecast[]>
  shelves?: ShelfReference
  reference?: OperatorReference
  /** Told of each batch. */
  onBatch?(batch: BatchResult): void
}

/** Folds the records of one partition in batches, looking back into the records as the service does into the log. */
export function foldLog(records: readonly LogRecord[], options: FoldOptions = {}): FoldedLog {
  const { batchSizes = [records.length] } = options
  const folded: FoldedLog = {
    windows: new Map(),
    stock: new Map(),
    purchases: new Map(),
    episodes: new Map(),
    watermark: null,
    lateEvents: 0,
  }
  const states = new MemoryStates()
  let watermark = new PartitionWatermark()
  let previous: Position = LOG_START
  let done = 0
  for (let turn = 0; done < records.length; turn += 1) {
    const size = Math.max(1, batchSizes[Math.min(turn, batchSizes.length - 1)] ?? 1)
    const batch = records.slice(done, done + size)
    const known = knownOf(batch, folded.stock, options)
    const earlier = records.slice(0, done)
    const lookbacks = new Map(
      neededLookbacks(batch, known).map(need => [
        lookbackKey(need),
        earlier.reduce((sum, record) => sum + unitsAfter(record, need), 0),
      ]),
    )
    const result = foldBatch(batch, {
      partition: 0,
      previous,
      through: batch.at(-1) ?? previous,
      watermark,
      known,
      lookbacks,
      purchases: folded.purchases,
      due: dueIn(folded.stock, batch),
      shelves: options.shelves ?? NO_SHELVES,
      states,
      reference: options.reference ?? NO_HABITS,
    })
    states.take(result.operators.touched, result.watermark.current)
    options.onBatch?.(result)
    for (const delta of result.windows) addWindow(folded.windows, delta)
    for (const { store, sku, after } of result.stock.touched) folded.stock.set(`${store}/${sku}`, after)
    for (const { store, purchaseOrder, sku, asOf: _, lastOffset: _2, ...line } of result.stock.purchases)
      folded.purchases.set(purchaseKey({ store, purchaseOrder, sku }), line)
    for (const { episode } of result.stock.episodes.values()) folded.episodes.set(episode.alertId, episode)
    folded.lateEvents += result.lateEvents
    previous = result.through
    watermark = result.watermark
    done += batch.length
  }
  folded.watermark = watermark.current
  return folded
}

/** Events as one partition's log would hold them: one append each, `everyMs` apart. */
export function asRecords(events: readonly LogEvent[], from: Instant, everyMs = 0): EventRecord[] {
  return events.map((event, index) => ({
    ...event,
    partition: 0,
    offset: index + 1,
    appendedAt: from + index * everyMs,
  }))
}

/** As the service finds what may have to be looked at by the end of a batch. */
function dueIn(stock: ReadonlyMap<string, StockState>, batch: readonly LogRecord[]): StockKey[] {
  const until = batch.at(-1)?.appendedAt ?? Number.NEGATIVE_INFINITY
  return [...stock].flatMap(([key, { lookAt }]) => {
    const [store = '', sku = ''] = key.split('/')
    return lookAt !== null && lookAt <= until ? [{ store, sku }] : []
  })
}

function knownOf(
  batch: readonly LogRecord[],
  stock: ReadonlyMap<string, StockState>,
  { policies, forecasts }: FoldOptions,
): Map<string, Map<string, KnownStock>> {
  const known = new Map<string, Map<string, KnownStock>>()
  const add = ({ store, sku }: StockKey) => {
    const key = `${store}/${sku}`
    const skus = known.get(store) ?? new Map<string, KnownStock>()
    skus.set(sku, {
      sku,
      state: stock.get(key) ?? null,
      policies: policies?.get(key) ?? [],
      forecasts: forecasts?.get(key) ?? [],
    })
    known.set(store, skus)
  }
  for (const record of batch) {
    if (record.type === 'tick' || !record.lines) continue
    for (const sku of record.lines.skus) add({ store: record.store, sku })
  }
  for (const key of dueIn(stock, batch)) add(key)
  return known
}

function unitsAfter(
  record: LogRecord,
  need: { store: string; sku: string; after: Instant; inclusive: boolean },
): number {
  if (record.type === 'tick' || record.store !== need.store) return 0
  const isAfter = need.inclusive ? record.eventTime >= need.after : record.eventTime > need.after
  if (!isAfter) return 0
  return stockEffects(record)
    .filter(({ sku, kind }) => sku === need.sku && kind !== 'counted')
    .reduce((sum, { units }) => sum + units, 0)
}

function addWindow(windows: Map<string, FoldedWindow>, delta: WindowDelta): void {
  const key = `${delta.store}/${delta.channel}/${delta.currency}/${delta.windowStart}`
  const known = windows.get(key)
  const sums = Object.fromEntries(
    SUMS.map(name => [name, Number(addExact(known?.[name] ?? 0, delta[name]))]),
  ) as Record<(typeof SUMS)[number], number>
  windows.set(key, { ...delta, ...sums })
}
