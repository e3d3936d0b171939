import { createReadStream, createWriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import { formatInstant } from '#domain/instant.ts'
import { ArchiveError, LOG_MANIFEST, type LogManifest } from '#domain/log-archive.ts'
import { type ArchiveStore, describeFile } from './archive-store.ts'
import { readLogManifest } from './log-manifest.ts'
import { inTemporaryFolder } from './write-day.ts'

/*
 * Figures are a function of the log and of reference data: stores, rates, products, policies, with validity. So the
 * archive keeps the tables of schema ref beside the log, as they are now: rows with validity say what held before.
 */

/** Rows of one INSERT. */
const ROWS_AT_ONCE = 2_000

/**
 * Writes the reference data into the archive, in place of what was there.
 * @throws what the archive or the database throws
 */
export async function writeReference(sql: Sql, store: ArchiveStore): Promise<void> {
  const manifest = await readLogManifest(store)
  const reference = await inTemporaryFolder(async folder => {
    const local = path.join(folder, 'reference.ndjson.gz')
    await sql.begin('isolation level repeatable read read only', async reading => {
      await pipeline(rowsOf(reading), createGzip(), createWriteStream(local))
    })
    const described = await describeFile(local)
    const file = `reference-${described.sha256.slice(0, 16)}.ndjson.gz`
    await store.upload(file, described)
    return { file, sha256: described.sha256, at: formatInstant(Date.now()) }
  })
  const made: LogManifest = { ...manifest, reference }
  await store.writeText(LOG_MANIFEST, `${JSON.stringify(made, null, 2)}\n`)
  for (const name of await store.list('reference-')) {
    if (name !== reference.file) await store.remove(name)
  }
}

/** A line for every row, of a table that others refer to before theirs. */
async function* rowsOf(reading: Reading): AsyncGenerator<string> {
  for (const table of await listTables(reading)) {
    const rows = reading<{ row: string }[]>`
      select to_jsonb(t)::text as row from ${reading(`ref.${table}`)} t`.cursor(ROWS_AT_ONCE)
    for await (const chunk of rows) {
      yield chunk.map(({ row }) => `{"table":${JSON.stringify(table)},"row":${row}}\n`).join('')
    }
  }
}

/**
 * Restores the reference data into a database that knows no store yet; one that does keeps its own.
 * @returns whether it was restored
 * @throws ArchiveError where the file is not what the archive says
 */
export async function restoreReference(
  transaction: Transaction,
  store: ArchiveStore,
  { reference }: LogManifest,
): Promise<boolean> {
  if (reference === null) return false
  const [own] = await transaction<{ taken: boolean }[]>`select exists (select from ref.stores) as taken`
  if (own?.taken !== false) return false
  await inTemporaryFolder(async folder => {
    const local = await store.localPath(reference.file, folder)
    const { sha256 } = await describeFile(local)
    if (sha256 !== reference.sha256) {
      throw new ArchiveError(
        `${reference.file} has SHA-256 ${sha256}, ${LOG_MANIFEST} says ${reference.sha256}: it was cut short or changed`,
      )
    }
    const tables = await listTables(transaction)
    for (const table of tables.toReversed()) await transaction`delete from ${transaction(`ref.${table}`)}`
    let [current, waiting]: [string, string[]] = ['', []]
    const lines = createInterface({ input: createReadStream(local).pipe(createGunzip()) })
    for await (const line of lines) {
      const { table, row } = JSON.parse(line) as { table: string; row: object }
      if (table !== current || waiting.length === ROWS_AT_ONCE) {
        await insertRows(transaction, current, waiting)
        ;[current, waiting] = [table, []]
      }
      waiting.push(JSON.stringify(row))
    }
    await insertRows(transaction, current, waiting)
  })
  return true
}

async function insertRows(transaction: Transaction, table: string, rows: readonly string[]): Promise<void> {
  if (rows.length === 0) return
  const columns = await transaction<{ name: string; sequence: string | null }[]>`
    select attname as name, pg_get_serial_sequence(${`ref.${table}`}, attname) as sequence
    from pg_attribute
    where attrelid = ${`ref.${table}`}::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    order by attnum`
  const names = transaction(columns.map(({ name }) => name))
  // Zones come with the stores that use them.
  await transaction`
    insert into ${transaction(`ref.${table}`)} (${names}) overriding system value
    select ${names} from jsonb_populate_recordset(null::${transaction(`ref.${table}`)}, ${`[${rows.join(',')}]`}::text::jsonb)
    on conflict do nothing`
  for (const { name, sequence } of columns) {
    if (sequence === null) continue
    await transaction`
      select setval(${sequence}::regclass, max(${transaction(name)})) from ${transaction(`ref.${table}`)}`
  }
}

/** The tables of reference data, each after those it refers to. The counters of their changes are each database's own. */
async function listTables(reading: Reading): Promise<string[]> {
  const tables = await reading<{ name: string; refersTo: string[] }[]>`
    select c.relname as name, array(
      select distinct r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid
      where f.conrelid = c.oid and f.contype = 'f' and r.oid <> c.oid
    ) as "refersTo"
    from pg_class c
    where c.relnamespace = 'ref'::regnamespace and c.relkind = 'r' and c.relname not like '%_revision'
      -- made by the events that say them
      and c.relname <> 'prices'
    order by c.relname`
  const ordered: string[] = []
  let left: readonly (typeof tables)[number][] = tables
  while (left.length > 0) {
    const ready = left.filter(({ refersTo }) => refersTo.every(name => ordered.includes(name)))
    if (ready.length === 0) throw new Error('tables of reference data refer to each other in a circle')
    ordered.push(...ready.map(({ name }) => name))
    left = left.filter(({ name }) => !ordered.includes(name))
  }
  return ordered
}
