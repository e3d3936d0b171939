import type { Reading } from '#db/transaction.ts'
import { formatInstant } from '#domain/instant.ts'
import { type AppendDay, ArchiveError, type DayManifest, folderOfDay } from '#domain/log-archive.ts'
import type { DuckDb } from '#platform/duckdb.ts'
import { type ArchiveStore, describeFile } from './archive-store.ts'
import { archiveContents, LOG_CONTENTS } from './statements.ts'

/** What two sides of a day are compared by. */
export interface Contents {
  rows: number
  contents: string
}

/** What the log holds of a day. */
export async function logContents(reading: Reading, day: AppendDay): Promise<Contents> {
  const [row] = await reading.unsafe<Contents[]>(LOG_CONTENTS, [day])
  if (!row) throw new Error('the contents of the log came back empty')
  return row
}

export type FileContents = Pick<DayManifest, 'rows' | 'contents' | 'businessDays'> & {
  partitions: Omit<DayManifest['partitions'][number], 'previousOffset'>[]
  rules: number[]
}

interface PartitionRow {
  partition: number
  rows: bigint
  first_offset: bigint
  last_offset: bigint
  first_appended_at: bigint
  last_appended_at: bigint
  contents: string
  first_business_day: string | null
  last_business_day: string | null
  rules: number[]
}

/** What a Parquet file holds, every row of it read. */
export async function fileContents(duck: DuckDb, parquet: string): Promise<FileContents> {
  const rows = await duck.all<PartitionRow>(archiveContents(parquet))
  const partitions = rows.map(row => ({
    partition: row.partition,
    firstOffset: Number(row.first_offset),
    lastOffset: Number(row.last_offset),
    rows: Number(row.rows),
    firstAppendedAt: formatInstant(Number(row.first_appended_at)),
    lastAppendedAt: formatInstant(Number(row.last_appended_at)),
  }))
  const days = rows
    .flatMap(({ first_business_day, last_business_day }) => [
      ...(first_business_day === null ? [] : [first_business_day]),
      ...(last_business_day === null ? [] : [last_business_day]),
    ])
    .sort()
  const [first, last] = [days[0], days.at(-1)]
  return {
    rows: partitions.reduce((sum, { rows }) => sum + rows, 0),
    contents: String(rows.reduce((sum, { contents }) => sum + BigInt(contents), 0n)),
    partitions,
    businessDays: first !== undefined && last !== undefined ? { first, last } : null,
    rules: [...new Set(rows.flatMap(({ rules }) => [...rules]))].sort((a, b) => a - b),
  }
}

/**
 * Fetches the file of a day's events and holds it against its manifest: size, SHA-256.
 * @returns where it lies on this machine
 * @throws ArchiveError saying what is wrong with it
 */
export function fetchDay(store: ArchiveStore, manifest: DayManifest, folder: string): Promise<string> {
  return fetchFile(store, { day: manifest.appendDay, described: manifest, folder })
}

/** The same of the file of its lines; null where the day has none. */
export async function fetchLines(
  store: ArchiveStore,
  { appendDay, lines }: DayManifest,
  folder: string,
): Promise<string | null> {
  return lines ? fetchFile(store, { day: appendDay, described: lines, folder }) : null
}

async function fetchFile(
  store: ArchiveStore,
  wanted: { day: AppendDay; described: Pick<DayManifest, 'file' | 'bytes' | 'sha256'>; folder: string },
): Promise<string> {
  const { day, described, folder } = wanted
  const name = `${folderOfDay(day)}/${described.file}`
  const local = await store.localPath(name, folder)
  const found = await describeFile(local)
  if (found.bytes !== described.bytes) {
    throw new ArchiveError(
      `${name} has ${found.bytes} bytes, its manifest says ${described.bytes}: it was cut short or changed`,
    )
  }
  if (found.sha256 !== described.sha256) {
    throw new ArchiveError(
      `${name} has SHA-256 ${found.sha256}, its manifest says ${described.sha256}: its bytes were changed`,
    )
  }
  return local
}
