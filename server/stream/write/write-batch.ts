import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
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
  /**
   * Where the log is read elsewhere than in log.event_log, nothing is committed before it is archived there. By offset,
   * what is known to have been set aside in doing so; null: the log is log.event_log.
   */
  archive: { setAside: ReadonlyMap<number, string> } | null
}

/** The archive has set aside what the batch counts: such events count for nobody, so the batch is to go on without. */
export class RefusedByArchiveError extends Error {
  override readonly name = 'RefusedByArchiveError'
  readonly refused: ReadonlyMap<number, string>

  /** @param refused the reasons, as sentences, by offset */
  constructor(refused: ReadonlyMap<number, string>) {
    super(`the archive has set aside offsets ${[...refused.keys()].join(', ')}`)
    this.refused = refused
  }
}

/**
 * Writes the effects of a batch, what it goes on without, its change row and the checkpoint: one transaction, all or nothing. The
 * statements go out together; the server runs them in order, the owner's check first.
 *
 * Every statement is a keyed upsert of array literals. It names the generation's own table (`windows_g1`),
 * not the parent: the writer then needs no lock on the parent, which creating or dropping a generation
 * takes exclusively.
 * @throws FencedError when the partition was taken, CheckpointMovedError when the checkpoint is elsewhere,
 *   RefusedByArchiveError
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
    const [refused, , touched, crossed] = await Promise.all([
      // First, so that nobody waits for a lock of ours meanwhile.
      target.archive ? awaitArchive(transaction, ownership.partition, batch) : [],
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
    const news = refused.filter(({ offset }) => !target.archive?.setAside.has(offset))
    if (news.length > 0)
      throw new RefusedByArchiveError(new Map(news.map(({ offset, reason }) => [offset, reason])))
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

/** An archiver that is ended and started again takes less. */
const ARCHIVE_PATIENCE_MS = 5_000

/** Waits until what a batch read is archived. @returns what the archive has set aside of it, and why */
async function awaitArchive(
  transaction: Transaction,
  partition: number,
  { previous, through }: BatchResult,
): Promise<{ offset: number; reason: string }[]> {
  return transaction.unsafe<{ offset: number; reason: string }[]>(
    `select "offset", reason
     from log.await_archive($1::integer, $2::bigint, $3::bigint, $4::integer * interval '1 millisecond')`,
    [partition, previous.offset, through.offset, ARCHIVE_PATIENCE_MS],
    { prepare: true },
  )
}
