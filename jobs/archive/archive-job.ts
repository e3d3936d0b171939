import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { type AppendDay, completeDays, type DayManifest, folderOfDay } from '#domain/log-archive.ts'
import { dueOnceADay, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import type { Environment } from '#platform/environment.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { listArchivedDays, listDroppedDays, listLogDays } from '#server/log/archive/archived-days.ts'
import { readManifests } from '#server/log/archive/log-manifest.ts'
import { openArchiveStore } from '#server/log/archive/open-store.ts'
import { writeReference } from '#server/log/archive/reference.ts'
import { verifyDay } from '#server/log/archive/verify-day.ts'
import { addLines, writeDay } from '#server/log/archive/write-day.ts'

/** Where the archive is, and how it is reached. */
export type ArchiveSettings = Pick<Environment, 'archive' | 'isArchiveGiven' | 's3'>

/** Once a night: every append day that is over and not yet in the archive. By hand also where no archive is set. */
export function archiveJob({ archive, isArchiveGiven, s3 }: ArchiveSettings): OtherJob {
  const isDue = dueOnceADay('archive')
  return {
    name: 'archive',
    isReady: async sql => isArchiveGiven && (await isDue(sql)),
    run: ({ databaseUrl }) =>
      withConnection(databaseUrl, { applicationName: 'tillstream archive' }, async sql => {
        const store = await openArchiveStore(archive, s3)
        const written = await archiveDays(sql, store)
        const readBack = await readBackOldest(sql, store)
        const rows = written.reduce((sum, manifest) => sum + manifest.rows, 0)
        const bytes = written.reduce((sum, manifest) => sum + manifest.bytes, 0)
        const days = `${written.length} append ${written.length === 1 ? 'day' : 'days'}`
        const detail = `${days}, ${rows} entries, ${(bytes / 1e6).toFixed(1)} MB written to ${archive}, and read back${readBack === null ? '' : `; ${readBack}, which the log has no longer, read back again`}`
        const lines = written.map(({ appendDay, rows, file }) => `${appendDay}: ${rows} entries, ${file}\n`)
        return {
          text: `${lines.join('')}${detail}.\n`,
          json: { archive, days: written },
          detail,
          rowCount: rows,
        }
      }),
  }
}

/**
 * Writes what is over and not there yet, the oldest first, so that what fails leaves no hole; and the reference data.
 * @throws ArchiveError; what the archive or the database throws
 */
export async function archiveDays(sql: Sql, store: ArchiveStore): Promise<DayManifest[]> {
  const written: DayManifest[] = []
  for (const day of await daysToArchive(sql)) written.push(await writeDay(sql, store, day))
  if (written.length > 0) await writeReference(sql, store)
  await addMissingLines(store)
  return written
}

/** Of days that an older version wrote, and of those whose file of lines somebody deleted. */
async function addMissingLines(store: ArchiveStore): Promise<void> {
  const names = new Set(await store.list('append_day='))
  // None yet: nothing was archived.
  if (names.size === 0) return
  for (const manifest of await readManifests(store)) {
    const { lines, appendDay } = manifest
    const isThere = lines === null || (lines && names.has(`${folderOfDay(appendDay)}/${lines.file}`))
    if (!isThere) await addLines(store, manifest)
  }
}

async function daysToArchive(sql: Sql): Promise<AppendDay[]> {
  const { days, now } = await listLogDays(sql)
  const archived = new Set((await listArchivedDays(sql)).map(({ appendDay }) => appendDay))
  return completeDays(days, now).filter(day => !archived.has(day))
}

/**
 * Of the days that the log has dropped nothing else tells when a file spoils: each night the one that was read back longest
 * ago is read again.
 * @returns the day; null where the log has them all
 * @throws ArchiveError where it is not what was dropped
 */
export async function readBackOldest(sql: Sql, store: ArchiveStore): Promise<AppendDay | null> {
  const dropped = await listDroppedDays(sql)
  const [oldest] = dropped.toSorted((one, other) => (one.verifiedAt ?? 0) - (other.verifiedAt ?? 0))
  if (!oldest) return null
  await verifyDay(sql, store, oldest.appendDay)
  return oldest.appendDay
}
