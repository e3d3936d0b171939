import type { Instant } from '#domain/instant.ts'
import { windowState } from '#domain/window.ts'
import { type Change, type ChangeBatch, isBatch, type LoggedSale, MAX_SALES_PER_UPDATE } from './changes.ts'
import { type Cursor, encodeCursor, isPast, type Subscription, wantsStore } from './cursor.ts'
import type { LiveDetection, LiveSale, LiveStock, LiveUpdate, LiveWindow } from './messages.ts'

export interface FrameInput {
  from: Cursor
  to: Cursor
  /** Changes between the two cursors, those of one lane in order; others are passed over. */
  changes: readonly Change[]
  subscription: Subscription
  /** Minimum over the partitions, at `to`. */
  watermark: Instant | null
}

/**
 * One update for everything between two cursors. Of windows, stock and alerts that changed several times the
 * last state stands; of sales the newest are told and the rest is counted.
 */
export function buildFrame({ from, to, changes, subscription, watermark }: FrameInput): LiveUpdate {
  const between = changes.filter(change => !isPast(from, change) && isPast(to, change))
  const batches = between.filter(isBatch)
  const wants = subscription.topics
  const { sales, omitted } = wants.has('sales')
    ? newestSales(batches, subscription)
    : { sales: [], omitted: 0 }
  const pipeline = between.flatMap(change =>
    isBatch(change) || change.kind === DETECTIONS
      ? []
      : [{ kind: change.kind, at: change.at, payload: change.payload }],
  )
  // A window's state follows its partition's watermark at the end of what is told, not at its last change.
  const watermarks = new Map(batches.map(batch => [batch.partition, batch.watermark]))
  const windowsOf = ({ partition, windows }: ChangeBatch): LiveWindow[] =>
    windows.map(window => ({
      ...window,
      state: windowState(window.windowStart, watermarks.get(partition) ?? null),
    }))
  return {
    cursor: encodeCursor(to, subscription.key),
    previous: encodeCursor(from, subscription.key),
    watermark,
    sales,
    salesOmitted: omitted,
    windows: wants.has('windows') ? lastOf(batches, subscription, windowsOf, windowKey) : [],
    stock: wants.has('stock') ? lastOf(batches, subscription, batch => batch.stock, stockKey) : [],
    alerts: wants.has('alerts')
      ? lastOf(
          batches,
          subscription,
          batch => batch.alerts,
          alert => alert.alertId,
        )
      : [],
    detections: wants.has('alerts') ? detectionsOf(between, subscription) : [],
    ...(wants.has('pipeline') && pipeline.length > 0 ? { pipeline } : {}),
  }
}

/** Whether an update tells its client anything but the time. */
export function hasNews(update: LiveUpdate): boolean {
  return (
    update.sales.length > 0 ||
    update.salesOmitted > 0 ||
    update.windows.length > 0 ||
    update.stock.length > 0 ||
    update.alerts.length > 0 ||
    update.detections.length > 0 ||
    update.pipeline !== undefined
  )
}

function newestSales(
  batches: readonly ChangeBatch[],
  subscription: Subscription,
): { sales: LiveSale[]; omitted: number } {
  const held: LoggedSale[] = []
  let count = 0
  for (const batch of batches) {
    for (const [store, sales] of batch.sales) {
      if (!wantsStore(subscription, store)) continue
      count += sales.count
      held.push(...sales.newest)
    }
  }
  const sales = held
    .sort((one, other) => one.appendedAt - other.appendedAt || one.offset - other.offset)
    .slice(-MAX_SALES_PER_UPDATE)
    .map(toLiveSale)
  return { sales, omitted: count - sales.length }
}

function toLiveSale({ appendedAt: _appendedAt, offset: _offset, ...sale }: LoggedSale): LiveSale {
  return sale
}

/** The last state of everything a subscription asks for, in the order of its first change. */
function lastOf<Entry extends { store: string }>(
  batches: readonly ChangeBatch[],
  subscription: Subscription,
  entriesOf: (batch: ChangeBatch) => readonly Entry[],
  keyOf: (entry: Entry) => string,
): Entry[] {
  const last = new Map<string, Entry>()
  for (const batch of batches) {
    for (const entry of entriesOf(batch)) {
      if (wantsStore(subscription, entry.store)) last.set(keyOf(entry), entry)
    }
  }
  return [...last.values()]
}

/** The kind of a row of `live.ops_lane` that holds alerts of rules: those that the batch path found, or that are open again. */
export const DETECTIONS = 'detections'

/** The stream's come with its batches, the others by the lane of people and jobs; of one alert the last is told. */
function detectionsOf(changes: readonly Change[], subscription: Subscription): LiveDetection[] {
  const last = new Map<string, LiveDetection>()
  for (const change of changes) {
    const told = isBatch(change)
      ? change.detections
      : change.kind === DETECTIONS
        ? (change.payload as LiveDetection[])
        : []
    for (const detection of told)
      if (wantsStore(subscription, detection.store)) last.set(detection.alertId, detection)
  }
  return [...last.values()]
}

function windowKey({ store, channel, currency, windowStart }: LiveWindow): string {
  return `${windowStart} ${channel} ${currency} ${store}`
}

function stockKey({ store, sku }: LiveStock): string {
  return `${store}\u001f${sku}`
}
