import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { MEASURE_NAMES, MEASURES, type SalesFigures } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import type { AlertChange, Detection } from '#domain/operators/alert.ts'
import { shortageOf } from '#domain/shortage.ts'
import { windowState } from '#domain/window.ts'
import type { EpisodeChange } from '#server/stream/fold/episodes.ts'
import type { BatchResult } from '#server/stream/fold/fold-batch.ts'
import type { TouchedStock } from '#server/stream/fold/stock.ts'
import type { StockState } from '#server/stream/fold/stock-state.ts'
import { followedPartitions, type GenerationPartition } from '#server/stream/state/generations.ts'
import type { WindowRow } from './windows.ts'

/**
 * Most entries of one kind a change row lists. Live batches touch dozens; a backlog of days touches
 * thousands, which nobody can watch go by: see `ChangeRow`.
 */
export const MOST_CHANGES = 500

/**
 * What one batch changed, for whoever shows it live. Lists are JSON in the shapes `LiveWindow`, `LiveStock`,
 * `LiveAlert` and `LiveDetection` of the serving layer.
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
  detections: ReturnType<typeof liveDetection>[]
}

export const UNLISTED: ChangeRow = { isListed: false, windows: [], stock: [], alerts: [], detections: [] }

export interface BatchChanges {
  /** Touched by the batch, and those whose state changed because the watermark passed; the first of one stands. */
  windows: readonly WindowRow[]
  stock: readonly TouchedStock[]
  episodes: Iterable<EpisodeChange>
  detections: Iterable<AlertChange>
  /** After the batch. */
  watermark: Instant | null
}

export function changeRow({ windows, stock, episodes, detections, watermark }: BatchChanges): ChangeRow {
  const row: ChangeRow = {
    isListed: true,
    windows: distinctWindows(windows).map(window => liveWindow(window, watermark)),
    stock: stock.filter(isShown).map(liveStock),
    alerts: [...episodes].filter(({ isNews }) => isNews).map(liveAlert),
    detections: [...detections].filter(({ isNews }) => isNews).map(liveDetection),
  }
  const isTooMuch = [row.windows, row.stock, row.alerts, row.detections].some(
    list => list.length > MOST_CHANGES,
  )
  return isTooMuch ? UNLISTED : row
}

function distinctWindows(windows: readonly WindowRow[]): WindowRow[] {
  const distinct = new Map<string, WindowRow>()
  for (const window of windows) {
    const key = `${window.store}\u001f${window.windowStart}\u001f${window.channel}\u001f${window.currency}`
    if (!distinct.has(key)) distinct.set(key, window)
  }
  return [...distinct.values()]
}

function liveWindow(window: WindowRow, watermark: Instant | null) {
  const { store, channel, currency, windowStart, lateNet, revision } = window
  const measures = MEASURE_NAMES.map(name => [
    name,
    MEASURES[name].kind === 'money' ? formatAmount(window[name]) : window[name],
  ])
  const figures: Omit<SalesFigures, 'net'> = Object.fromEntries(measures)
  return {
    store,
    channel,
    currency,
    windowStart,
    ...figures,
    net: formatAmount(BigInt(window.gross) - BigInt(window.discounts) - BigInt(window.returns)),
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
  const { projectedStockoutAt, nextDeliveryAt } = episode
  return {
    alertId,
    store,
    sku,
    rule,
    severity,
    state,
    openedAt,
    onHand,
    onOrder,
    reorderPoint,
    projectedStockoutAt,
    nextDeliveryAt,
  }
}

function liveDetection({ alert }: AlertChange): Detection {
  const { alertId, kind, rule, store, subject, severity, score, state, openedAt, summary } = alert
  return { alertId, kind, rule, store, subject, severity, score, state, openedAt, summary }
}

/** Writes the change row of a batch. */
export async function insertChanges(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  batch: BatchResult,
  changes: ChangeRow,
): Promise<void> {
  const { through, watermark } = batch
  const previous = changes.isListed ? batch.previous : through
  await transaction.unsafe(
    `insert into stream.changes_g${generation} (generation, partition, through_offset, previous_offset,
       previous_appended_at, through_appended_at, watermark, sales, windows, stock, alerts, detections,
       processed_at)
     values ($1, $2, $3, $4, $5::timestamptz, $6::timestamptz, $7::timestamptz, $8, $9::text::jsonb,
       $10::text::jsonb, $11::text::jsonb, $12::text::jsonb, now())`,
    [
      generation,
      partition,
      through.offset,
      previous.offset,
      new Date(previous.appendedAt).toISOString(),
      new Date(through.appendedAt).toISOString(),
      watermark.current === null ? null : new Date(watermark.current).toISOString(),
      changes.isListed ? batch.sales : 0,
      JSON.stringify(changes.windows),
      JSON.stringify(changes.stock),
      JSON.stringify(changes.alerts),
      JSON.stringify(changes.detections),
    ],
    { prepare: true },
  )
}

/** How long change rows are held. Who was away longer takes a fresh snapshot. */
const CHANGES_KEPT_MS = 3_600_000

/** Rows of a partition deleted at once: small, so that nobody waits for the delete. */
const CHUNK = 1_000

/** Deletes change rows of these partitions that are older than an hour. @returns how many */
export async function trimChanges(sql: Sql, partitions: readonly number[]): Promise<number> {
  let deleted = 0
  for (const { generation, partition } of await followedPartitions(sql, partitions)) {
    for (;;) {
      // The oldest rows have the lowest offsets, so the key finds them; there is no index on time.
      const { count } = await sql`
        with oldest as (
          select through_offset, processed_at from stream.changes
          where generation = ${generation} and partition = ${partition}
          order by through_offset limit ${CHUNK}
        )
        delete from stream.changes c using oldest
        where c.generation = ${generation} and c.partition = ${partition}
          and c.through_offset = oldest.through_offset
          and oldest.processed_at < clock_timestamp() - ${CHANGES_KEPT_MS}::float8 * interval '1 millisecond'`
      deleted += count
      if (count < CHUNK) break
    }
  }
  return deleted
}
