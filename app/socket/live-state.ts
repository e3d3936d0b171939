import type { AlertActionChange, AlertJudged } from '#app/trpc/router-outputs.ts'
import type { Instant } from '#domain/instant.ts'
import {
  type LiveAlert,
  type LiveDetection,
  type LiveSale,
  type LiveSnapshot,
  type LiveUpdate,
  type LiveWindow,
  MOST_DETECTIONS,
  type PipelineChange,
} from '#server/web/live/messages.ts'

/**
 * What the live socket has told so far. Replaced, never changed: who holds one holds a moment.
 * Updates are applied strictly one after the other; `follows` proves that none is missing.
 */
export interface LiveState {
  /** Place in the change feed, opaque; null before the first snapshot. */
  cursor: string | null
  /** Minimum over the partitions; null when the stream has read nothing yet. */
  watermark: Instant | null
  /** Newest first, at most `KEPT_SALES`, and voids and returns before them, at most `KEPT_TAKEBACKS`. */
  sales: readonly LiveSale[]
  /** Sales that came too fast to be sent one by one, since the snapshot. Their windows count them. */
  salesOmitted: number
  /** By `windowKey`, as far back as `KEPT_WINDOWS_MS`. */
  windows: ReadonlyMap<string, LiveWindow>
  /** Open alerts by id, with what people did about them. */
  alerts: ReadonlyMap<string, LiveAlert>
  /** Open alerts of rules by id, with what people say of them: what was judged meanwhile stays as long as it is open. */
  detections: ReadonlyMap<string, KnownDetection>
  /** There were more of them than the snapshot holds. */
  hasMoreDetections: boolean
  /** Counts up whenever the pipeline did something (a batch run ended, say): figures are then read again. */
  pipelineChanges: number
  /** Counts up whenever pages were told something, or may have been while nobody listened: notices are then read. */
  notices: number
  /** Of the last snapshot: what pages were told up to here is no news to a page that begins with it. */
  told: number
}

/** An alert of a rule and whether somebody has judged it. */
export interface KnownDetection extends LiveDetection {
  isJudged: boolean
}

/** Past it the oldest sale leaves the feed. */
export const KEPT_SALES = 200
/** Voids and returns are rare: they stay on when a rush of orders has pushed them out of the newest. */
export const KEPT_TAKEBACKS = 50
/** As much as a snapshot brings. */
export const KEPT_WINDOWS_MS = 2 * 3_600_000

export const emptyLiveState: LiveState = {
  cursor: null,
  watermark: null,
  sales: [],
  salesOmitted: 0,
  windows: new Map(),
  alerts: new Map(),
  detections: new Map(),
  hasMoreDetections: false,
  pipelineChanges: 0,
  notices: 0,
  told: 0,
}

/** Whether anything is known: before, a count of nothing means nothing. */
export function hasBegun({ pipelineChanges }: LiveState): boolean {
  return pipelineChanges > 0
}

/** A fresh start: what was known before is gone, for it may be wrong. */
export function applySnapshot(state: LiveState, snapshot: LiveSnapshot): LiveState {
  return {
    cursor: snapshot.cursor,
    watermark: snapshot.watermark,
    sales: withSales([], snapshot.sales),
    salesOmitted: 0,
    windows: withWindows(new Map(), snapshot.windows),
    alerts: withAlerts(new Map(), snapshot.alerts),
    detections: withDetections(new Map(), snapshot.detections),
    hasMoreDetections: snapshot.detections.length > MOST_DETECTIONS,
    // Whatever happened while nobody listened.
    pipelineChanges: state.pipelineChanges + 1,
    notices: state.notices + 1,
    told: snapshot.told,
  }
}

/** The kind of a change that says: pages were told of alerts. It changes no figure. */
const NOTICE = 'notice'

export type Continuity = 'next' | 'repeated' | 'gap'

/** Whether an update is the one that comes next. After a gap only a fresh snapshot is true. */
export function continuityOf(state: LiveState, update: LiveUpdate): Continuity {
  if (update.previous === state.cursor) return 'next'
  return update.cursor === state.cursor ? 'repeated' : 'gap'
}

/** @param update one that is `next` after this state */
export function applyUpdate(state: LiveState, update: LiveUpdate): LiveState {
  const [notices, changes] = [
    update.pipeline?.filter(({ kind }) => kind === NOTICE) ?? [],
    update.pipeline?.filter(({ kind }) => kind !== NOTICE) ?? [],
  ]
  return {
    cursor: update.cursor,
    watermark: update.watermark,
    sales: withSales(state.sales, update.sales),
    salesOmitted: state.salesOmitted + update.salesOmitted,
    windows: withWindows(state.windows, update.windows),
    // Opened first, then acted on: nobody acts on an alert that is not open yet.
    alerts: withActions(withAlerts(state.alerts, update.alerts), changes),
    hasMoreDetections: state.hasMoreDetections,
    detections: withVerdicts(withDetections(state.detections, update.detections), changes),
    pipelineChanges: state.pipelineChanges + (changes.length > 0 ? 1 : 0),
    notices: state.notices + (notices.length > 0 ? 1 : 0),
    told: state.told,
  }
}

export function saleKey({ source, id }: LiveSale): string {
  return JSON.stringify([source, id])
}

/**
 * Newest first. Sales come in the order of the log, many of them processed at one moment; one that is
 * known already (delivery is at least once) is not shown twice.
 */
function withSales(known: readonly LiveSale[], arrived: readonly LiveSale[]): readonly LiveSale[] {
  if (arrived.length === 0) return known
  const seen = new Set(known.map(saleKey))
  const fresh = arrived.filter(sale => !seen.has(saleKey(sale)))
  const sales = [...fresh.reverse(), ...known].sort((one, other) => other.processedAt - one.processedAt)
  if (sales.length <= KEPT_SALES) return sales
  const takebacks = sales.slice(KEPT_SALES).filter(({ type }) => type !== 'order.placed')
  return [...sales.slice(0, KEPT_SALES), ...takebacks.slice(0, KEPT_TAKEBACKS)]
}

/** Windows arrive whole, not as changes: the newest version replaces the one before. */
function withWindows(
  known: ReadonlyMap<string, LiveWindow>,
  arrived: readonly LiveWindow[],
): ReadonlyMap<string, LiveWindow> {
  if (arrived.length === 0) return known
  const windows = new Map(known)
  for (const window of arrived) windows.set(windowKey(window), window)
  let newest = 0
  for (const { windowStart } of windows.values()) newest = Math.max(newest, windowStart)
  for (const [key, { windowStart }] of windows) {
    if (windowStart < newest - KEPT_WINDOWS_MS) windows.delete(key)
  }
  return windows
}

function withAlerts(
  known: ReadonlyMap<string, LiveAlert>,
  arrived: readonly LiveAlert[],
): ReadonlyMap<string, LiveAlert> {
  if (arrived.length === 0) return known
  const alerts = new Map(known)
  for (const alert of arrived) {
    if (alert.state === 'open') {
      // The stream knows nothing of what people did: what was known of that stays.
      const { handling = known.get(alert.alertId)?.handling ?? null } = alert
      alerts.set(alert.alertId, { ...alert, handling })
    } else alerts.delete(alert.alertId)
  }
  return alerts
}

function withDetections(
  known: ReadonlyMap<string, KnownDetection>,
  arrived: readonly LiveDetection[],
): ReadonlyMap<string, KnownDetection> {
  if (arrived.length === 0) return known
  const detections = new Map(known)
  for (const detection of arrived) {
    const { alertId, state } = detection
    const isJudged = known.get(alertId)?.isJudged ?? false
    if (state === 'open') detections.set(alertId, { ...detection, isJudged })
    else detections.delete(alertId)
  }
  return detections
}

function withVerdicts(
  known: ReadonlyMap<string, KnownDetection>,
  changes: readonly PipelineChange[],
): ReadonlyMap<string, KnownDetection> {
  const judged = changes.filter(({ kind }) => kind === 'alert_judged')
  if (judged.length === 0) return known
  const detections = new Map(known)
  for (const { payload } of judged) {
    const { alertIds, verdict } = payload as AlertJudged
    for (const alertId of alertIds) {
      const detection = detections.get(alertId)
      if (detection) detections.set(alertId, { ...detection, isJudged: verdict !== null })
    }
  }
  return detections
}

function withActions(
  known: ReadonlyMap<string, LiveAlert>,
  changes: readonly PipelineChange[],
): ReadonlyMap<string, LiveAlert> {
  const actions = changes.filter(({ kind }) => kind === 'alert_action')
  if (actions.length === 0) return known
  const alerts = new Map(known)
  for (const { payload } of actions) {
    const { alertIds, handling } = payload as AlertActionChange
    for (const alertId of alertIds) {
      const alert = alerts.get(alertId)
      if (alert) alerts.set(alertId, { ...alert, handling })
    }
  }
  return alerts
}

function windowKey({ store, channel, currency, windowStart }: LiveWindow): string {
  return `${store} ${channel} ${currency} ${windowStart}`
}
