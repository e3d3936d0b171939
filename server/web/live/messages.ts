import type { Instant } from '#domain/instant.ts'
import type { SalesDocument, SalesFigures } from '#domain/measures.ts'
import type { Detection } from '#domain/operators/alert.ts'
import type { Severity, ShortageRule } from '#domain/shortage.ts'
import type { WindowState } from '#domain/window.ts'
import type { LiveStand } from '#server/serving/live-board/stand.ts'
import type { AlertHandling } from '#server/serving/restock/alert-actions.ts'

/**
 * What the live socket says. Money is a decimal string with four decimals, counts are numbers, instants are epoch
 * milliseconds.
 */

/** A one-minute window as the live socket and the minute chart show it. */
export interface LiveWindow extends SalesFigures {
  store: string
  channel: string
  currency: string
  windowStart: Instant
  lateNet: string
  revision: number
  state: WindowState
}

/** A sale as the live feed shows it: an order, a void or a return. */
export interface LiveSale {
  source: string
  id: string
  type: SalesDocument
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

/**
 * A product at or below its reorder point (without one: at or below zero), told at every move; and once more as it
 * ceases to be, with its figures of that moment, however many moves of a full shelf the frame spans.
 */
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
  rule: ShortageRule
  severity: Severity
  state: 'open' | 'resolved'
  openedAt: Instant
  onHand: number
  onOrder: number
  reorderPoint: number | null
  /** When the shelf is empty if nothing comes; null: its demand is not forecast, or it is over. */
  projectedStockoutAt: Instant | null
  /** When the delivery that helps was said to come; null: none is on its way, or nobody knows when. */
  nextDeliveryAt: Instant | null
  /**
   * What people did about it. A snapshot carries it; an update leaves it out, for it comes from the stream:
   * actions are told beside it, as changes of the kind `alert_action`.
   */
  handling?: AlertHandling | null
}

/**
 * An alert of a rule, of either path: told when it begins, becomes critical or ends. A snapshot holds those that are open
 * and that nobody has judged; verdicts are told beside them, as changes of the kind `alert_judged`.
 */
export type LiveDetection = Detection

/** A snapshot holds the newest of them, and one more where there are more: who counts them says so. */
export const MOST_DETECTIONS = 200

/** Something of the pipeline that changed: a batch run, a dead letter, a person's action. */
export interface PipelineChange {
  kind: string
  at: Instant
  payload: unknown
}

/** `/live`: `snapshot`. Watermark: minimum over partitions. */
export interface LiveSnapshot {
  cursor: string
  /** How far it is known. Not left to the first `stand`, which may never come: figures of no known age are none. */
  stand: LiveStand
  watermark: Instant | null
  sales: LiveSale[]
  windows: LiveWindow[]
  stock: LiveStock[]
  alerts: LiveAlert[]
  detections: LiveDetection[]
  pipeline: PipelineChange[]
  /** Place in the lane of people and jobs: what pages were told up to here is no news to who begins with this. */
  told: number
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
  detections: LiveDetection[]
  pipeline?: PipelineChange[]
}

/** `/live`: `stand`, once a second while the gateway can read: how far everything told so far is known. */
export type { LiveStand }

/** What the dashboard listens to: the snapshot in its pages and its socket have one cursor. Stock it does not draw. */
export const DASHBOARD_TOPICS = ['sales', 'windows', 'alerts', 'pipeline'] as const
