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

/** What an hour has of each path: the hourly report keeps no counts of return documents. */
export type HourlyFigures = Omit<SalesFigures, 'returnDocuments' | 'unitsReturned'>

/** What a batch figure stands on. Null run: no run has covered it yet. */
export interface BatchBasis {
  /** The newest contributing run. */
  runId: number | null
  /** When that run committed. */
  computedAt: Instant | null
  /** Offset read per partition, `{ "0": 1234 }`: the lowest of the contributing runs, so each read at least this. */
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
  /** The classes that contribute; empty where the paths agree. */
  classes: DifferenceClass[]
  unexplained: string
  /** Store-days with an unexplained remainder: more than `unexplained` shows when two of them cancel out. */
  unexplainedStoreDays: number
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
  /** What the batch figures of `hours` stand on: hourly runs come more often than daily ones. Null beside `hours: []`. */
  hourlyBatchBasis: BatchBasis | null
  /** Store-days of the scope with events in either path, and how many of them a batch run has covered. */
  coverage: { storeDays: number; withBatch: number }
  metrics: MetricComparison[]
  /** One entry a business day of the range with anything in either path. */
  days: { businessDay: BusinessDay; batch: SalesFigures | null; stream: SalesFigures | null }[]
  /** Only for a range of one day: by hour (an instant; 23 to 25 a day) in the stores' local hours. */
  hours: {
    hourStart: Instant
    /** 'HH:00' in the zone of the store, or of the first store in scope. */
    label: string
    batch: HourlyFigures | null
    stream: HourlyFigures | null
    /** The stream's watermark has not passed the hour's end. */
    open: boolean
  }[]
}

/** The class a single event can be in: the other classes of a difference have no events. */
export type EventCause = 'after-batch' | 'before-stream'

/** An event that one path has read and the other has not. */
export interface DifferenceEvent {
  source: string
  id: string
  type: 'order.placed' | 'order.voided' | 'order.returned'
  store: string
  channel: string
  businessDay: BusinessDay
  eventTime: Instant
  appendedAt: Instant
  partition: number
  offset: number
  orderId: string | null
  currency: string
  /** What the event adds to the metric in a path that has read it: decimal string for money, integer text for counts. */
  effect: string
  /** A live event that reached the log after its window should have closed. */
  late: boolean
  /** It came by file or journal, not over HTTP. */
  bulk: boolean
  return: boolean
}

/** A page of the events of one class, newest in the log first. */
export interface DifferenceEventPage {
  cause: EventCause
  metric: Metric
  events: DifferenceEvent[]
  /** Asks for the next page; null on the last. */
  nextCursor: string | null
}

/** How far one path is behind the log in one partition. */
export interface PartitionLag {
  partition: number
  /** Offset read up to. */
  through: number
  /** Last offset of the log. */
  end: number
  /** Events not read yet, ticks not counted; exact up to `LAG_COUNTED_UP_TO`, then an upper bound. */
  lagEvents: number
  /** Age of the oldest event not read yet; 0 when there is none. */
  lagMs: number
}

/** The newest run of one batch job. */
export interface JobFreshness {
  job: string
  lastRunId: number | null
  lastState: 'running' | 'succeeded' | 'failed' | 'abandoned' | null
  lastStartedAt: Instant | null
  lastSucceededAt: Instant | null
  lastError: string | null
}

export interface Freshness {
  /** The database's clock, to which ages are relative. */
  now: Instant
  batch: {
    jobs: JobFreshness[]
    lastRunId: number | null
    /** When the newest successful run committed. */
    computedAt: Instant | null
    /** When the schedule looks next for work; null where no schedule runs. */
    nextTickAt: Instant | null
    /** When the schedule last said that it lives; null where none ever ran. */
    heartbeatAt: Instant | null
    /** Store-days with events that their last run has not read. */
    dirtyStoreDays: number
    partitions: PartitionLag[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
  stream: {
    generation: number
    watermark: Instant | null
    processedAt: Instant | null
    partitions: (PartitionLag & { watermark: Instant | null; processedAt: Instant | null })[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
}

/** A row of a live or report table that says something else than the log. */
export interface Finding {
  finding: number
  runId: number
  path: 'batch' | 'stream'
  /** Table, e.g. 'stream.windows'. */
  relation: string
  /** Key columns of the row. */
  rowKey: Record<string, string | number>
  metric: string
  /** Null: the row is not there. */
  stored: string | null
  /** Null: the log knows nothing of such a row. */
  expected: string | null
  foundAt: Instant
}

export interface FindingPage {
  findings: Finding[]
  nextCursor: number | null
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
  /** Signed like `net`: what a void or a return takes back is negative. */
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
  /**
   * What people did about it. A snapshot carries it; an update leaves it out, for it comes from the stream:
   * actions are told beside it, as changes of the kind `alert_action`.
   */
  handling?: AlertHandling | null
}

/** What somebody said of an alert last. A snooze past its `until` is none. */
export interface AlertHandling {
  kind: 'acknowledged' | 'snoozed'
  /** Of a snooze. */
  until: Instant | null
  /** The name they gave, if any. */
  by: string | null
  at: Instant
}

/** Payload of a change `alert_action`: alerts handled in one go; null handling: reopened. */
export interface AlertActionChange {
  alertIds: string[]
  handling: AlertHandling | null
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
  /** Its newest business day with any event: days end at different instants in different zones. */
  lastDay: BusinessDay | null
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
