import type { Sql } from '#db/client.ts'
import {
  type AppendDay,
  ArchiveError,
  type DayManifest,
  manifestOfDay,
  parseDayManifest,
} from '#domain/log-archive.ts'
import { messageOf } from '#platform/command.ts'
import { type DuckDb, openDuckDb } from '#platform/duckdb.ts'
import type { ArchiveStore } from './archive-store.ts'
import { type ArchivedDay, listDroppedDays, noteVerified, readIdentity } from './archived-days.ts'
import { type Contents, fetchDay, fetchLines, fileContents, logContents } from './contents.ts'
import { compareLines } from './lines.ts'
import { refuseOtherLog } from './log-manifest.ts'
import { inTemporaryFolder } from './write-day.ts'

/** What a day of the archive was held against. */
export interface VerifiedDay {
  manifest: DayManifest
  /** Whether the log has the day too, and so was compared with; else the file stands for itself. */
  isComparedWithLog: boolean
}

/**
 * Reads a day's file back, every row of it, and holds it against its manifest; and against the log where that still has
 * the day, else against what was noted of it when it was dropped.
 * @throws ArchiveError saying what differs
 */
export async function verifyDay(sql: Sql, store: ArchiveStore, day: AppendDay): Promise<VerifiedDay> {
  const manifest = await readDayManifest(store, day)
  refuseOtherLog(manifest.log, (await readIdentity(sql)).log, manifestOfDay(day))
  await verifyFile(store, manifest)
  const noted = (await listDroppedDays(sql)).find(({ appendDay }) => appendDay === day)
  if (noted) refuseOtherVersion(manifest, noted)
  else refuseDifference(manifest, await logContents(sql, day))
  await noteVerified(sql, day)
  return { manifest, isComparedWithLog: !noted }
}

/** @throws ArchiveError where the day is not archived, or its manifest is none */
export async function readDayManifest(store: ArchiveStore, day: AppendDay): Promise<DayManifest> {
  const text = await store.readText(manifestOfDay(day))
  if (text === null) {
    throw new ArchiveError(`append day ${day} is missing in the archive in ${store.address}`)
  }
  return parseDayManifest(text, manifestOfDay(day))
}

/**
 * The day's files alone, against their manifest: their bytes, every row of them, and the lines against the events.
 * @throws ArchiveError saying what differs
 */
export async function verifyFile(store: ArchiveStore, manifest: DayManifest): Promise<void> {
  await inTemporaryFolder(async folder => {
    const local = await fetchDay(store, manifest, folder)
    const duck = await openDuckDb([folder, store.localFolder(folder)])
    try {
      const read = await fileContents(duck, local)
      if (read.rows !== manifest.rows || read.contents !== manifest.contents) {
        throw new ArchiveError(
          `the manifest of append day ${manifest.appendDay} says ${manifest.rows} rows with checksum ${manifest.contents}, ` +
            `its file holds ${read.rows} with ${read.contents}`,
        )
      }
      const lines = await fetchLines(store, manifest, folder)
      if (lines !== null) await refuseOtherLines(duck, { manifest, events: local, lines })
    } finally {
      duck.close()
    }
  })
}

/** @throws ArchiveError where the day's lines are not those of its events */
async function refuseOtherLines(
  duck: DuckDb,
  { manifest, events, lines }: { manifest: DayManifest; events: string; lines: string },
): Promise<void> {
  const { appendDay } = manifest
  try {
    const { rows } = await compareLines(duck, { events, lines })
    if (rows !== manifest.lines?.rows)
      throw new Error(`the manifest says ${manifest.lines?.rows} lines, and they are ${rows}`)
  } catch (error) {
    throw new ArchiveError(
      `append day ${appendDay}: ${messageOf(error)}. Delete ${manifest.lines?.file}: "npm run jobs -- run archive" makes it again.`,
    )
  }
}

/** @throws ArchiveError where the archive has another file of a day than the one that was noted when the log dropped it */
export function refuseOtherVersion(
  manifest: DayManifest,
  noted: Pick<ArchivedDay, 'sha256' | 'contents'>,
): void {
  if (manifest.sha256 === noted.sha256 && manifest.contents === noted.contents) return
  throw new ArchiveError(
    `append day ${manifest.appendDay} of the archive is not the one that was verified when the log dropped it: ` +
      `SHA-256 ${manifest.sha256} instead of ${noted.sha256}`,
  )
}

/** @throws ArchiveError where the log holds something else than the archive */
export function refuseDifference(manifest: DayManifest, log: Contents): void {
  if (log.rows === manifest.rows && log.contents === manifest.contents) return
  throw new ArchiveError(
    `append day ${manifest.appendDay} differs: the log holds ${log.rows} rows with checksum ${log.contents}, ` +
      `the archive ${manifest.rows} with ${manifest.contents}. "npm run jobs -- run archive" writes it again.`,
  )
}
