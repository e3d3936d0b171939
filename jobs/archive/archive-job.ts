import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { type AppendDay, completeDays, type DayManifest, folderOfDay } from '#domain/log-archive.ts'
import { dueOnceADay, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import type { Environment } from '#platform/environment.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { listArchivedDays, listLogDays } from '#server/log/archive/archived-days.ts'
import { readManifests } from '#server/log/archive/log-manifest.ts'
import { openArchiveStore } from '#server/log/archive/open-store.ts'
import { writeReference } from '#server/log/archive/reference.ts'
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
        const written = await archiveDays(sql, await openArchiveStore(archive, s3))
        const rows = written.reduce((sum, manifest) => sum + manifest.rows, 0)
        const bytes = written.reduce((sum, manifest) => sum + manifest.bytes, 0)
        const days = `${written.length} append ${written.length === 1 ? 'day' : 'days'}`
        const detail = `${days}, ${rows} entries, ${(bytes / 1e6).toFixed(1)} MB written to ${archive}, and read back`
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
