import type { BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import type { WindowState } from '#domain/window.ts'

/**
 * What the serving layer answers. Money is a decimal string with four decimals, counts are numbers,
 * instants are epoch milliseconds. Every figure names its basis.
 */

/** A metric of the side-by-side view. Money metrics are `net`, `gross`, `discounts`, `returns`. */
export type Metric =
  | 'net'
  | 'gross'
  | 'discounts'
  | 'returns'
  | 'orders'
  | 'units'
  | 'returnDocuments'
  | 'unitsReturned'

/** One figure set of one path. */
export interface SalesFigures {
  orders: number
  units: number
  gross: string
  discounts: string
  returns: string
  net: string
  returnDocuments: number
  unitsReturned: number
}

/** What a batch figure stands on. Null run: no run has covered it yet. */
export interface BatchBasis {
  runId: number | null
  /** When the newest contributing run committed. */
  computedAt: Instant | null
  /** Offset read per partition, `{ "0": 1234 }`. */
  through: Record<string, number>
  rulesVersion: number | null
}

/** What a live figure stands on. */
export interface StreamBasis {
  generation: number
  /** Minimum over partitions that have one. */
  watermark: Instant | null
  /** When the newest contributing batch of events committed. */
  processedAt: Instant | null
  through: Record<string, number>
  rulesVersion: number
}

/** Why two figures differ: effects of the events in one class. */
export interface DifferenceClass {
  cause: 'after-batch' | 'before-stream' | 'rule-version' | 'unexplained'
  events: number
  /** Signed contribution to stream − batch: decimal string for money, integer text for counts. */
  value: string
  /** Annotations of the events in the class; they may overlap. */
  ofWhich: { late: number; bulk: number; returns: number }
}

export interface MetricComparison {
  metric: Metric
  unit: 'money' | 'count'
  batch: string | null
  stream: string
  /** stream − batch. */
  difference: string
  classes: DifferenceClass[]
  unexplained: string
}

export interface SideBySideScope {
  from: BusinessDay
  /** Inclusive. */
  to: BusinessDay
  /** Empty: all stores. */
  stores: string[]
  currency: string
}

export interface SideBySide {
  scope: SideBySideScope
  batchBasis: BatchBasis
  streamBasis: StreamBasis
  metrics: MetricComparison[]
  /** One entry a business day of the range with anything in either path. */
  days: { businessDay: BusinessDay; batch: SalesFigures | null; stream: SalesFigures | null }[]
  /** Only for a range of one day: by hour (an instant; 23 to 25 a day) in the stores' local hours. */
  hours: {
    hourStart: Instant
    /** 'HH:00' in the zone of the store, or of the first store in scope. */
    label: string
    batch: SalesFigures | null
    stream: SalesFigures | null
    /** The stream's watermark has not passed the hour's end. */
    open: boolean
  }[]
}

/** A one-minute window as the live socket and the minute chart show it. */
export interface LiveWindow {
  store: string
  channel: string
  currency: string
  windowStart: Instant
  orders: number
  units: number
  gross: string
  discounts: string
  returns: string
  returnDocuments: number
  unitsReturned: number
  net: string
  lateNet: string
  revision: number
  state: WindowState
}

/** A sale as the live feed shows it: an order, a void or a return. */
export interface LiveSale {
  source: string
  id: string
  type: 'order.placed' | 'order.voided' | 'order.returned'
  store: string
  channel: string
  eventTime: Instant
  processedAt: Instant
  orderId: string
  units: number
  net: string
  currency: string
  /** Number of lines. */
  lines: number
}

export interface LiveStock {
  store: string
  sku: string
  onHand: number
  onOrder: number
  reorderPoint: number | null
  asOf: Instant
}

export interface LiveAlert {
  alertId: string
  store: string
  sku: string
  rule: 'low_stock' | 'out_of_stock' | 'oversold'
  severity: 'warning' | 'critical'
  state: 'open' | 'resolved'
  openedAt: Instant
  onHand: number
  onOrder: number
  reorderPoint: number | null
}

/** Something of the pipeline that changed: a batch run, a dead letter, a person's action. */
export interface PipelineChange {
  kind: string
  at: Instant
  payload: unknown
}

/** `/live`: `snapshot`. Watermark: minimum over partitions. */
export interface LiveSnapshot {
  cursor: string
  watermark: Instant | null
  sales: LiveSale[]
  windows: LiveWindow[]
  stock: LiveStock[]
  alerts: LiveAlert[]
  pipeline: PipelineChange[]
}

/** `/live`: `update`. `previous` is the cursor before it: a client can prove that it missed nothing. */
export interface LiveUpdate {
  cursor: string
  previous: string
  watermark: Instant | null
  sales: LiveSale[]
  salesOmitted: number
  windows: LiveWindow[]
  stock: LiveStock[]
  alerts: LiveAlert[]
  pipeline?: PipelineChange[]
}

export interface StoreSummary {
  store: string
  name: string
  zone: string
  cutOverHour: number
  currency: string
  channel: 'pos' | 'online'
  input: 'live' | 'journal'
}

/** What the page needs to choose a scope. */
export interface Overview {
  stores: StoreSummary[]
  currencies: string[]
  /** Business days with any event, first and last; null on an empty log. */
  firstDay: BusinessDay | null
  lastDay: BusinessDay | null
  /** Events in the log, ticks not counted. */
  events: number
  /** Why the demo shows what it shows, e.g. "hourly batch runs every 2 minutes here"; null outside the demo. */
  demoNote: string | null
}
