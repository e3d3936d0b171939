import type { Sql } from '#db/client.ts'
import { assertOwner, type Ownership } from '#server/log/fence.ts'
import type { BatchResult } from '#server/stream/fold/fold-batch.ts'
import type { SetAside } from '#server/stream/fold/sift.ts'
import { deleteSources, upsertCheckpoint, upsertSources } from '#server/stream/state/checkpoint.ts'
import { insertSetAside } from '#server/stream/state/set-aside.ts'
import { changeRow, insertChanges, MOST_CHANGES, UNLISTED } from './changes.ts'
import { insertLateSales } from './late-sales.ts'
import { writeOperators } from './operators.ts'
import { upsertEpisodes, upsertPurchases, upsertStock } from './stock.ts'
import { loadCrossedWindows, upsertWindows } from './windows.ts'

export interface BatchTarget {
  ownership: Ownership
  generation: number
  /** False while a replay builds a generation nobody looks at yet. */
  writesChanges: boolean
}

/**
 * Writes the effects of a batch, what it goes on without, its change row and the checkpoint: one transaction, all or nothing. The
 * statements go out together; the server runs them in order, the owner's check first.
 *
 * Every statement is a keyed upsert of array literals. It names the generation's own table (`windows_g1`),
 * not the parent: the writer then needs no lock on the parent, which creating or dropping a generation
 * takes exclusively.
 * @throws FencedError when the partition was taken, CheckpointMovedError when the checkpoint is elsewhere
 */
export async function writeBatch(
  sql: Sql,
  target: BatchTarget,
  { batch, setAside }: { batch: BatchResult; setAside: readonly SetAside[] },
): Promise<void> {
  const { ownership, generation, writesChanges } = target
  const rows = { generation, partition: ownership.partition }
  const { windows, stock, sources, forgottenSources, previousWatermark, watermark, operators } = batch
  const listsChanges = writesChanges && windows.length <= MOST_CHANGES
  const crossing = { from: previousWatermark, to: watermark.current, limit: MOST_CHANGES + 1 }
  await sql.begin(async transaction => {
    const [, touched, crossed] = await Promise.all([
      assertOwner(transaction, ownership),
      upsertWindows(transaction, rows, windows, { answersRows: listsChanges }),
      listsChanges ? loadCrossedWindows(transaction, rows, crossing) : [],
      upsertStock(transaction, rows, stock.touched),
      upsertPurchases(transaction, rows, stock.purchases),
      upsertEpisodes(transaction, rows, stock.episodes),
      upsertSources(transaction, rows, sources),
      deleteSources(transaction, rows, forgottenSources),
      writeOperators(transaction, rows, { fold: operators, watermark: watermark.current }),
      insertSetAside(transaction, rows, setAside),
      insertLateSales(transaction, rows, batch.lateSales),
      upsertCheckpoint(transaction, target, batch),
    ])
    if (!writesChanges) return
    const changes = listsChanges
      ? changeRow({
          windows: [...touched, ...crossed],
          stock: stock.touched,
          episodes: stock.episodes.values(),
          detections: operators.alerts.values(),
          watermark: watermark.current,
        })
      : UNLISTED
    await insertChanges(transaction, rows, batch, changes)
  })
}
