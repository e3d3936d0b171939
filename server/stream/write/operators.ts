import type { EventType } from '#domain/event.ts'
import { MEASURE_NAMES, MEASURES, SALES_DOCUMENTS } from '#domain/measures.ts'
import { ALLOWED_LATENESS_MS, WINDOW_MS } from '#domain/window.ts'
import type { Sink, SinkColumn } from './sink.ts'

/**
 * What the stream path computes, as data: from which events, keyed by what, over which window, into which
 * table. The folds beside this file are their logic; another engine would run the same descriptions.
 */
export interface Operator {
  readonly name: string
  readonly reads: readonly EventType[]
  readonly key: readonly string[]
  /** Null: one running state per key, without end. */
  readonly window: {
    readonly kind: 'tumbling'
    readonly sizeMs: number
    readonly allowedLatenessMs: number
  } | null
  readonly sink: Sink
}

const text: SinkColumn = { type: 'text', merge: 'replace' }
const instant: SinkColumn = { type: 'instant', merge: 'replace' }
const number: SinkColumn = { type: 'bigint', merge: 'replace' }
const sum: SinkColumn = { type: 'bigint', merge: 'add' }

/** Sales per minute of event time. Purely additive: late events add to their window, whatever its state. */
export const SALES_BY_MINUTE = {
  name: 'sales by minute',
  reads: SALES_DOCUMENTS,
  key: ['store', 'channel', 'currency'],
  window: { kind: 'tumbling', sizeMs: WINDOW_MS, allowedLatenessMs: ALLOWED_LATENESS_MS },
  sink: {
    table: 'windows',
    key: ['store', 'window_start', 'channel', 'currency'],
    hasProcessedAt: true,
    columns: {
      store: text,
      window_start: instant,
      channel: text,
      currency: text,
      business_day: { type: 'date', merge: 'keep' },
      ...Object.fromEntries(MEASURE_NAMES.map(metric => [MEASURES[metric].column, sum])),
      late_net: sum,
      revision: sum,
      bulk_events: sum,
      last_offset: number,
    },
  },
} as const satisfies Operator

/** Stock per store and sku: anchored by counts, moved by signed deltas. */
export const STOCK = {
  name: 'stock on hand',
  reads: [
    ...SALES_DOCUMENTS,
    'stock.received',
    'stock.counted',
    'stock.adjusted',
    'stock.transferred',
    'purchase.placed',
    'purchase.cancelled',
  ],
  key: ['store', 'sku'],
  window: null,
  sink: {
    table: 'stock',
    key: ['store', 'sku'],
    hasProcessedAt: true,
    columns: {
      store: text,
      sku: text,
      on_hand: number,
      on_order: number,
      anchor_kind: text,
      anchor_time: instant,
      anchor_offset: number,
      max_delta_time: instant,
      reorder_point: number,
      as_of: instant,
      last_offset: number,
    },
  },
} as const satisfies Operator

/** Shortages per store and sku, one episode at a time, judged after every event that moves its stock. */
export const SHORTAGES = {
  name: 'shortage episodes',
  reads: STOCK.reads,
  key: ['store', 'sku'],
  window: null,
  sink: {
    table: 'episodes',
    key: ['alert_id'],
    hasProcessedAt: true,
    columns: {
      alert_id: text,
      store: text,
      sku: text,
      rule: text,
      rule_version: { type: 'smallint', merge: 'replace' },
      severity: text,
      state: text,
      opened_at: instant,
      opened_offset: number,
      amended_at: instant,
      amended_offset: number,
      resolved_at: instant,
      on_hand: number,
      on_order: number,
      reorder_point: number,
      suggested_units: number,
    },
  },
} as const satisfies Operator

/** How far each live source has come: what a restart needs to go on with the same watermark. */
export const SOURCE_PROGRESS: Sink = {
  table: 'sources',
  key: ['partition', 'source'],
  hasProcessedAt: false,
  columns: { source: text, max_event_time: instant, last_appended_at: instant },
}
