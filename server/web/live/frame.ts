import type { Instant } from '#domain/instant.ts'
import { windowState } from '#domain/window.ts'
import type { LiveAlert, LiveSale, LiveStock, LiveUpdate, LiveWindow } from '#server/web/live/messages.ts'
import { encodeCursor, offsetOf, type Place } from './cursor.ts'
import { type LaneRow, type LaneSale, MAX_SALES_PER_UPDATE, type OpsRow } from './lane.ts'
import { type Subscription, wantsStore } from './subscription.ts'

export interface FrameInput {
  from: Place
  to: Place
  /** Batches between the two places, in the order they were met; others are passed over. */
  rows: readonly LaneRow[]
  ops: readonly OpsRow[]
  subscription: Subscription
  /** Minimum over the partitions, at `to`. */
  watermark: Instant | null
}

/**
 * One update for everything between two places. Of windows, stock and alerts that changed several times the
 * last state stands; of sales the newest are told and the rest is counted.
 */
export function buildFrame({ from, to, rows, ops, subscription, watermark }: FrameInput): LiveUpdate {
  const between = rows.filter(
    row =>
      row.throughOffset > offsetOf(from, row.partition) && row.throughOffset <= offsetOf(to, row.partition),
  )
  const wants = subscription.topics
  const { sales, omitted } = wants.has('sales')
    ? newestSales(between, subscription)
    : { sales: [], omitted: 0 }
  const changes = ops.filter(row => row.sequence > from.ops && row.sequence <= to.ops)
  const pipeline =
    wants.has('pipeline') && changes.length > 0
      ? { pipeline: changes.map(({ kind, at, payload }) => ({ kind, at, payload })) }
      : {}
  return {
    cursor: encodeCursor(to, subscription.key),
    previous: encodeCursor(from, subscription.key),
    watermark,
    sales,
    salesOmitted: omitted,
    windows: wants.has('windows') ? lastWindows(between, subscription) : [],
    stock: wants.has('stock') ? lastOf(between, subscription, stockOf, stockKey) : [],
    alerts: wants.has('alerts') ? lastOf(between, subscription, alertsOf, alertKey) : [],
    ...pipeline,
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
    update.pipeline !== undefined
  )
}

function newestSales(
  rows: readonly LaneRow[],
  subscription: Subscription,
): { sales: LiveSale[]; omitted: number } {
  const held: LaneSale[] = []
  let count = 0
  for (const row of rows) {
    for (const [store, sales] of row.sales) {
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

function toLiveSale({ appendedAt: _appendedAt, offset: _offset, ...sale }: LaneSale): LiveSale {
  return sale
}

/** A window's state follows its partition's watermark at the end of what is told, not at its last change. */
function lastWindows(rows: readonly LaneRow[], subscription: Subscription): LiveWindow[] {
  const watermarks = new Map(rows.map(row => [row.partition, row.watermark]))
  const last = new Map<string, LiveWindow>()
  for (const row of rows) {
    const watermark = watermarks.get(row.partition) ?? null
    for (const window of row.windows) {
      if (!wantsStore(subscription, window.store)) continue
      const state = windowState(window.windowStart, watermark)
      last.set(windowKey(window), { ...window, state })
    }
  }
  return [...last.values()]
}

function lastOf<Entry extends { store: string }>(
  rows: readonly LaneRow[],
  subscription: Subscription,
  entriesOf: (row: LaneRow) => readonly Entry[],
  keyOf: (entry: Entry) => string,
): Entry[] {
  const last = new Map<string, Entry>()
  for (const row of rows) {
    for (const entry of entriesOf(row)) {
      if (wantsStore(subscription, entry.store)) last.set(keyOf(entry), entry)
    }
  }
  return [...last.values()]
}

function windowKey({ store, channel, currency, windowStart }: LiveWindow): string {
  return `${windowStart} ${channel} ${currency} ${store}`
}

const stockOf = (row: LaneRow) => row.stock
const alertsOf = (row: LaneRow) => row.alerts

function stockKey({ store, sku }: LiveStock): string {
  return `${store}\u001f${sku}`
}

function alertKey({ alertId }: LiveAlert): string {
  return alertId
}
