import type { Sql } from '#db/client.ts'
import { type AppendDay, ArchiveError } from '#domain/log-archive.ts'
import type { ArchiveStore } from './archive-store.ts'
import { tableOfDay } from './restore.ts'
import { verifyDay } from './verify-day.ts'

/**
 * How long a drop waits for who reads the log right now. Appends wait behind it, so it gives up soon; the next night
 * tries again.
 */
const LOCK_TIMEOUT_MS = 2_000

/**
 * Takes a day out of the log, once its archive was read back and is what the log holds. Its keys stay: what comes again is
 * still recognised.
 * @throws ArchiveError where it is not; what the database throws, a lock that did not come free among it
 */
export async function dropDay(sql: Sql, store: ArchiveStore, day: AppendDay): Promise<void> {
  const { manifest, isComparedWithLog } = await verifyDay(sql, store, day)
  if (!isComparedWithLog) return
  await sql.begin(async transaction => {
    await transaction`select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true)`
    await transaction.unsafe(`lock table ${tableOfDay(day)} in access exclusive mode`)
    // Nobody appends to a day that is over; a hand that did since we compared is told.
    const [row] = await transaction.unsafe<{ rows: number }[]>(
      `select count(*) as rows from ${tableOfDay(day)}`,
    )
    const { count } = await transaction`
      update log.archived_days set dropped_at = clock_timestamp()
      where append_day = ${day} and dropped_at is null and contents = ${manifest.contents}`
    if (count !== 1 || row?.rows !== manifest.rows) {
      throw new ArchiveError(`append day ${day} was changed while it was verified: it stays in the log`)
    }
    await transaction.unsafe(`drop table ${tableOfDay(day)}`)
  })
}
