import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { shortageOf } from '#domain/shortage.ts'
import { windowState } from '#domain/window.ts'
import type { EpisodeChange } from '#server/stream/fold/episodes.ts'
import type { TouchedStock } from '#server/stream/fold/stock.ts'
import type { StockState } from '#server/stream/fold/stock-state.ts'

/**
 * Most entries of one kind a change row lists. Live batches touch dozens; a backlog of days touches
 * thousands, which nobody can watch go by: see `ChangeRow`.
 */
export const MOST_CHANGES = 500

/** A window as the table holds it after a batch. Amounts as text: a sum may leave the safe integers. */
export interface WindowRow {
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
  lateNet: string
  revision: number
}

/**
 * What one batch changed, for whoever shows it live. Lists are JSON in the shapes `LiveWindow`, `LiveStock`
 * and `LiveAlert` of the serving layer.
 *
 * A row describes (previous_offset, through_offset]. Batches chain: the previous of one is the through of
 * the one before, and a reader that finds a gap (rows were trimmed, a generation was replaced) takes a
 * fresh snapshot. A batch that changed more than can be listed writes a row with empty lists whose previous
 * *is* its through: it describes nothing, and whoever stands before it meets the gap.
 */
export interface ChangeRow {
  isListed: boolean
  windows: ReturnType<typeof liveWindow>[]
  stock: ReturnType<typeof liveStock>[]
  alerts: ReturnType<typeof liveAlert>[]
}

export const UNLISTED: ChangeRow = { isListed: false, windows: [], stock: [], alerts: [] }

export interface BatchChanges {
  /** Touched by the batch, and those whose state changed because the watermark passed. */
  windows: readonly WindowRow[]
  stock: readonly TouchedStock[]
  episodes: Iterable<EpisodeChange>
  /** After the batch. */
  watermark: Instant | null
}

export function changeRow({ windows, stock, episodes, watermark }: BatchChanges): ChangeRow {
  const row: ChangeRow = {
    isListed: true,
    windows: windows.map(window => liveWindow(window, watermark)),
    stock: stock.filter(isShown).map(liveStock),
    alerts: [...episodes].filter(({ isNews }) => isNews).map(liveAlert),
  }
  const isTooMuch = [row.windows, row.stock, row.alerts].some(list => list.length > MOST_CHANGES)
  return isTooMuch ? UNLISTED : row
}

/**
 * The windows that close or become final when the watermark moves, as ranges of `windowStart`
 * (after, through]; empty when it passes no end of a window. All windows have the same length.
 */
export function crossedWindowStarts(
  from: Instant | null,
  to: Instant | null,
  { windowMs, allowedLatenessMs }: { windowMs: number; allowedLatenessMs: number },
): { after: Instant; through: Instant }[] {
  if (from === null || to === null || Math.floor(from / windowMs) === Math.floor(to / windowMs)) return []
  return [windowMs, windowMs + allowedLatenessMs].map(age => ({ after: from - age, through: to - age }))
}

function liveWindow(window: WindowRow, watermark: Instant | null) {
  const { store, channel, currency, windowStart, orders, units, returnDocuments, unitsReturned } = window
  const { gross, discounts, returns, lateNet, revision } = window
  return {
    store,
    channel,
    currency,
    windowStart,
    orders,
    units,
    gross: formatAmount(gross),
    discounts: formatAmount(discounts),
    returns: formatAmount(returns),
    returnDocuments,
    unitsReturned,
    net: formatAmount(BigInt(gross) - BigInt(discounts) - BigInt(returns)),
    lateNet: formatAmount(lateNet),
    revision,
    state: windowState(windowStart, watermark),
  }
}

/** Short of stock, or no longer. */
function isShown({ before, after }: TouchedStock): boolean {
  return isShort(after) || (before !== null && isShort(before))
}

function isShort({ onHand, reorderPoint }: StockState): boolean {
  return shortageOf(onHand, reorderPoint) !== null
}

function liveStock({ store, sku, after }: TouchedStock) {
  const { onHand, onOrder, reorderPoint, asOf } = after
  return { store, sku, onHand, onOrder, reorderPoint, asOf }
}

function liveAlert({ episode }: EpisodeChange) {
  const { alertId, store, sku, rule, severity, state, openedAt, onHand, onOrder, reorderPoint } = episode
  return { alertId, store, sku, rule, severity, state, openedAt, onHand, onOrder, reorderPoint }
}
