import type { LiveAlert, LivePipeline, LiveSale, LiveSnapshot, LiveStock, LiveUpdate, LiveWindow } from '#server/live/messages.ts'

/** What the live socket has told so far. Replaced, never changed: a component that holds one holds a moment. */
export interface LiveState {
  /** Position in the change feed; null before the first snapshot. Opaque. */
  cursor: string | null
  /** RFC 3339; null when the stream has not read anything. */
  watermark: string | null
  /** Newest first, at most `KEPT_SALES`. */
  sales: readonly LiveSale[]
  /** Sales that were too many to be sent since the connection began: the feed says how many it does not show. */
  salesOmitted: number
  /** By store, channel, currency and start; two hours of them. */
  windows: ReadonlyMap<string, LiveWindow>
  stock: ReadonlyMap<string, LiveStock>
  alerts: ReadonlyMap<string, LiveAlert>
  pipeline: LivePipeline | null
}

/** Past it the oldest sale leaves the feed. */
export const KEPT_SALES = 200
/** What the gateway's snapshot holds of windows, and so what a client keeps. */
const KEPT_WINDOWS_MS = 2 * 3_600_000

export const emptyLiveState: LiveState = {
  cursor: null,
  watermark: null,
  sales: [],
  salesOmitted: 0,
  windows: new Map(),
  stock: new Map(),
  alerts: new Map(),
  pipeline: null,
}

/** A fresh start: nothing of what was known before it stays. */
export function fromSnapshot(snapshot: LiveSnapshot): LiveState {
  return {
    cursor: snapshot.cursor,
    watermark: snapshot.watermark,
    sales: newestFirst(snapshot.sales).slice(0, KEPT_SALES),
    salesOmitted: 0,
    windows: upserted(new Map(), snapshot.windows, windowKey),
    stock: upserted(new Map(), snapshot.stock, stockKey),
    alerts: upserted(new Map(), snapshot.alerts, alertKey),
    pipeline: snapshot.pipeline,
  }
}
