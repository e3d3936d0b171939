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
import { type Contents, type FileContents, fileContents, logContents } from './contents.ts'
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
    const { duckdb, ...read } = await makeFile(sql, { day, parquet, identity })
    const { rules, partitions, ...told } = read
    const before = await readOffsetsBefore(sql, day)
    const { bytes, sha256, path: made } = await describeFile(parquet)
    const file = `events-${sha256.slice(0, 16)}.parquet`
    const manifest: DayManifest = {
      format: ARCHIVE_FORMAT,
      log: identity.log,
      appendDay: day,
      file,
      bytes,
      sha256,
      ...told,
      partitions: partitions.map(({ partition, ...own }) => ({
        partition,
        previousOffset: before[partition] ?? 0,
        ...own,
      })),
      versions: { rules, duckdb },
      writtenAt: formatInstant(Date.now()),
    }
    await store.upload(`${folderOfDay(day)}/${file}`, { path: made, bytes, sha256 })
    await store.writeText(manifestOfDay(day), `${JSON.stringify(manifest, null, 2)}\n`)
    return manifest
  })
  await noteArchived(sql, { manifest, archive: store.address, partitions: identity.partitions })
  await removeOthers(store, manifest)
  return manifest
}

async function makeFile(
  sql: Sql,
  { day, parquet, identity }: { day: AppendDay; parquet: string; identity: Pick<LogManifest, 'offsets'> },
) {
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
    return { ...read, duckdb: duck.version }
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
async function removeOthers(store: ArchiveStore, { appendDay, file }: DayManifest): Promise<void> {
  const kept = [manifestOfDay(appendDay), `${folderOfDay(appendDay)}/${file}`]
  for (const name of await store.list(`${folderOfDay(appendDay)}/`)) {
    if (!kept.includes(name)) await store.remove(name)
  }
}
