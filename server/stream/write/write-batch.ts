import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { assertOwner, type Ownership } from '#server/log/ownership.ts'
import type { BatchResult } from '#server/stream/fold/batch-result.ts'
import { type ChangeRow, changeRow, MOST_CHANGES, UNLISTED } from './change-row.ts'
import { generationTable } from './sink.ts'
import { upsertEpisodes, upsertSources, upsertStock, upsertWindows } from './upserts.ts'
import { distinctWindows, loadCrossedWindows, WINDOW_ROW_COLUMNS } from './window-rows.ts'

/** A checkpoint was not where the batch began: somebody wrote beside its owner. */
export class CheckpointMovedError extends Error {
  override readonly name = 'CheckpointMovedError'
}

export interface WriteTarget {
  ownership: Ownership
  generation: number
  /** False while a replay builds a generation nobody looks at yet. */
  writesChanges: boolean
}

/**
 * Writes the effects of a batch, its change row and the checkpoint: one transaction, all or nothing. The
 * statements go out together; the server runs them in order, the owner's check first.
 * @throws FencedError when the partition was taken, CheckpointMovedError when the checkpoint is elsewhere
 */
export async function writeBatch(sql: Sql, target: WriteTarget, batch: BatchResult): Promise<void> {
  const { ownership, generation, writesChanges } = target
  const { partition } = ownership
  const place = { generation, partition }
  const listsChanges = writesChanges && batch.windows.length <= MOST_CHANGES
  await sql.begin(async transaction => {
    const [, touched, crossed] = await Promise.all([
      assertOwner(transaction, ownership),
      upsertWindows(transaction, place, batch.windows, listsChanges ? WINDOW_ROW_COLUMNS : null),
      listsChanges
        ? loadCrossedWindows(transaction, { ...place, from: batch.previousWatermark, to: batch.watermark })
        : [],
      upsertStock(transaction, place, batch.stock.touched),
      upsertEpisodes(transaction, place, batch.stock.episodes),
      upsertSources(transaction, place, batch.sources),
      writeCheckpoint(transaction, target, batch),
    ])
    if (writesChanges) {
      const changes = listsChanges
        ? changeRow({
            windows: distinctWindows([...touched, ...crossed]),
            stock: batch.stock.touched,
            episodes: batch.stock.episodes.values(),
            watermark: batch.watermark,
          })
        : UNLISTED
      await writeChanges(transaction, place, batch, changes)
    }
  })
}

async function writeCheckpoint(
  transaction: Pick<Sql, 'unsafe'>,
  { ownership, generation }: WriteTarget,
  batch: BatchResult,
): Promise<void> {
  const { partition, epoch } = ownership
  const result = await transaction.unsafe(
    `insert into stream.checkpoints as kept
       (generation, partition, "offset", appended_at, watermark, epoch, events, late_events, processed_at)
     values ($1, $2, $3, $4::timestamptz, $5::timestamptz, $6, $7, $8, now())
     on conflict (generation, partition) do update
     set "offset" = excluded."offset", appended_at = excluded.appended_at, watermark = excluded.watermark,
       epoch = excluded.epoch, events = kept.events + excluded.events,
       late_events = kept.late_events + excluded.late_events, processed_at = excluded.processed_at
     where kept."offset" = $9`,
    [
      generation,
      partition,
      batch.through.offset,
      iso(batch.through.appendedAt),
      iso(batch.watermark),
      epoch,
      batch.events,
      batch.lateEvents,
      batch.previous.offset,
    ],
    { prepare: true },
  )
  if (result.count !== 1) {
    throw new CheckpointMovedError(
      `generation ${generation}, partition ${partition}: the checkpoint is not at offset ${batch.previous.offset}, where this batch began`,
    )
  }
}

async function writeChanges(
  transaction: Pick<Sql, 'unsafe'>,
  { generation, partition }: { generation: number; partition: number },
  batch: BatchResult,
  changes: ChangeRow,
): Promise<void> {
  const previous = changes.isListed ? batch.previous : batch.through
  await transaction.unsafe(
    `insert into ${generationTable('changes', generation)}
       (generation, partition, through_offset, previous_offset, previous_appended_at, through_appended_at,
        watermark, sales, windows, stock, alerts, processed_at)
     values ($1, $2, $3, $4, $5::timestamptz, $6::timestamptz, $7::timestamptz, $8, $9::text::jsonb,
       $10::text::jsonb, $11::text::jsonb, now())`,
    [
      generation,
      partition,
      batch.through.offset,
      previous.offset,
      iso(previous.appendedAt),
      iso(batch.through.appendedAt),
      iso(batch.watermark),
      changes.isListed ? batch.sales : 0,
      JSON.stringify(changes.windows),
      JSON.stringify(changes.stock),
      JSON.stringify(changes.alerts),
    ],
    { prepare: true },
  )
}

function iso(instant: Instant): string
function iso(instant: Instant | null): string | null
function iso(instant: Instant | null): string | null {
  return instant === null ? null : new Date(instant).toISOString()
}
