import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { type AppendDay, ArchiveError } from '#domain/log-archive.ts'
import { readS3Settings } from '#platform/environment.ts'
import { openArchiveStore } from '#server/log/archive/open-store.ts'
import { bringBackDay } from '#server/log/archive/restore.ts'

/**
 * Brings the append days back into the log that retention has dropped and a run reads: a late event of an old day makes
 * all of it be computed again. The next night they are dropped anew.
 * @throws ArchiveError where the archive is not what it should be: the run then fails, and no figure is made of half a day
 */
export async function bringBackDays(sql: Sql, days: readonly AppendDay[]): Promise<void> {
  const dropped = await sql<{ day: AppendDay; archive: string }[]>`
    select append_day as day, archive from log.archived_days
    where dropped_at is not null and append_day = any(${[...days]}::date[]) order by append_day`
  for (const { day, archive } of dropped) {
    await bringBackDay(sql, await openArchiveStore(archive, readS3Settings()), day)
  }
}

/** Keeps retention from the days until the transaction ends. @throws ArchiveError where it was there first */
export async function holdDays(transaction: Transaction, days: readonly AppendDay[]): Promise<void> {
  const held = await transaction<{ day: AppendDay; isDropped: boolean }[]>`
    select append_day as day, dropped_at is not null as "isDropped" from log.archived_days
    where append_day = any(${[...days]}::date[]) order by append_day for share`
  const gone = held.find(({ isDropped }) => isDropped)
  if (gone) throw new ArchiveError(`append day ${gone.day} was dropped from the log meanwhile: run it again`)
}
