import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Sql } from '#db/client.ts'
import { formatInstant } from '#domain/instant.ts'
import {
  type AppendDay,
  ARCHIVE_FORMAT,
  ArchiveError,
  type DayManifest,
  folderOfDay,
  type LogManifest,
  manifestOfDay,
} from '#domain/log-archive.ts'
import { openDuckDb } from '#platform/duckdb.ts'
import { type ArchiveStore, describeFile } from './archive-store.ts'
import { noteArchived, readIdentity, readOffsetsBefore } from './archived-days.ts'
import { type Contents, type FileContents, fetchDay, fileContents, logContents } from './contents.ts'
import { makeLines } from './lines.ts'
import { ensureLogManifest } from './log-manifest.ts'
import { exportStatement, toParquet } from './statements.ts'

/** A folder for files on their way, gone when the work is done. */
export async function inTemporaryFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tillstream-archive-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Writes an append day into the archive, reads it back and notes it. Written again, it replaces the day; the manifest
 * comes last, so whoever reads meanwhile has the day as it was or as it is. A day without entries gets an empty file.
 * @throws ArchiveError when the archive is of another log, or what was read back is not what the log holds
 */
export async function writeDay(sql: Sql, store: ArchiveStore, day: AppendDay): Promise<DayManifest> {
  const identity = await readIdentity(sql)
  await ensureLogManifest(store, identity)
  const manifest = await inTemporaryFolder(async folder => {
    const parquet = path.join(folder, 'events.parquet')
    const linesParquet = path.join(folder, 'lines.parquet')
    const made = await makeFiles(sql, { day, parquet, linesParquet, identity })
    const { rules, partitions, lines, duckdb, ...told } = made
    const before = await readOffsetsBefore(sql, day)
    const events = await uploadDayFile(store, { day, kind: 'events', local: parquet })
    const manifest: DayManifest = {
      format: ARCHIVE_FORMAT,
      log: identity.log,
      appendDay: day,
      ...events,
      ...told,
      partitions: partitions.map(({ partition, ...own }) => ({
        partition,
        previousOffset: before[partition] ?? 0,
        ...own,
      })),
      lines:
        lines === null
          ? null
          : { rows: lines, ...(await uploadDayFile(store, { day, kind: 'lines', local: linesParquet })) },
      versions: { rules, duckdb },
      writtenAt: formatInstant(Date.now()),
    }
    await writeDayManifest(store, manifest)
    return manifest
  })
  await noteArchived(sql, { manifest, archive: store.address, partitions: identity.partitions })
  await removeOthers(store, manifest)
  return manifest
}

/**
 * Makes the lines of a day that has none: an older version wrote it, or their file was deleted. Its events stay as they are.
 * @throws ArchiveError where the events are not what the manifest says
 */
export async function addLines(store: ArchiveStore, manifest: DayManifest): Promise<DayManifest> {
  const { appendDay } = manifest
  return inTemporaryFolder(async folder => {
    const events = await fetchDay(store, manifest, folder)
    const local = path.join(folder, 'lines.parquet')
    const duck = await openDuckDb([folder, store.localFolder(folder)])
    try {
      const rows = await makeLines(duck, { events, lines: local })
      const lines =
        rows === null
          ? null
          : { rows, ...(await uploadDayFile(store, { day: appendDay, kind: 'lines', local })) }
      const made: DayManifest = { ...manifest, lines }
      await writeDayManifest(store, made)
      return made
    } finally {
      duck.close()
    }
  })
}

/** Puts a file of a day there, under the name that its bytes give it. */
async function uploadDayFile(
  store: ArchiveStore,
  { day, kind, local }: { day: AppendDay; kind: 'events' | 'lines'; local: string },
): Promise<Pick<DayManifest, 'file' | 'bytes' | 'sha256'>> {
  const described = await describeFile(local)
  const { bytes, sha256 } = described
  const file = `${kind}-${sha256.slice(0, 16)}.parquet`
  await store.upload(`${folderOfDay(day)}/${file}`, described)
  return { file, bytes, sha256 }
}

async function writeDayManifest(store: ArchiveStore, manifest: DayManifest): Promise<void> {
  await store.writeText(manifestOfDay(manifest.appendDay), `${JSON.stringify(manifest, null, 2)}\n`)
}

async function makeFiles(
  sql: Sql,
  made: { day: AppendDay; parquet: string; linesParquet: string; identity: Pick<LogManifest, 'offsets'> },
) {
  const { day, parquet, linesParquet, identity } = made
  const csv = `${parquet}.csv`
  const log = await exportDay(sql, day, csv)
  const duck = await openDuckDb([path.dirname(parquet)])
  try {
    await duck.run(toParquet({ csv, parquet }))
    await rm(csv)
    const read = await fileContents(duck, parquet)
    if (identity.offsets === 'dense') refuseHoles(read)
    if (read.rows !== log.rows || read.contents !== log.contents) {
      throw new ArchiveError(
        `append day ${day} is not archived: read back, its file holds ${read.rows} rows with checksum ${read.contents}, ` +
          `the log ${log.rows} with ${log.contents}`,
      )
    }
    const lines = await makeLines(duck, { events: parquet, lines: linesParquet })
    return { ...read, lines, duckdb: duck.version }
  } finally {
    duck.close()
  }
}

/** @throws ArchiveError where entries of the log are missing, or there twice */
function refuseHoles({ partitions }: FileContents): void {
  for (const { partition, firstOffset, lastOffset, rows } of partitions) {
    if (lastOffset - firstOffset + 1 !== rows) {
      throw new ArchiveError(
        `partition ${partition} has ${rows} entries between offsets ${firstOffset} and ${lastOffset}: a hole or a double`,
      )
    }
  }
}

/** The day's rows as CSV, with their number and checksum, of one snapshot. */
async function exportDay(sql: Sql, day: AppendDay, csv: string): Promise<Contents> {
  // Whoever appends holds its partition's lock until the commit: once we have had each, no row of a day that is over
  // is still on its way.
  await sql.begin(async transaction => {
    await transaction`
      select pg_advisory_xact_lock(7411, partition) from (select partition from log.partitions order by 1) p`
  })
  return (await sql.begin('isolation level repeatable read read only', async reading => {
    const contents = await logContents(reading, day)
    await pipeline(await reading.unsafe(exportStatement(day)).readable(), createWriteStream(csv))
    return contents
  })) as Contents
}

/** What an earlier writing of the day left. */
async function removeOthers(store: ArchiveStore, { appendDay, file, lines }: DayManifest): Promise<void> {
  const files = [file, ...(lines ? [lines.file] : [])]
  const kept = [manifestOfDay(appendDay), ...files.map(name => `${folderOfDay(appendDay)}/${name}`)]
  for (const name of await store.list(`${folderOfDay(appendDay)}/`)) {
    if (!kept.includes(name)) await store.remove(name)
  }
}
