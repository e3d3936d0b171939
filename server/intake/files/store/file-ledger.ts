import type { Sql } from '#db/client.ts'
import type { FileSummary } from './summary.ts'

/** A file as `intake.files` knows it. */
export interface LedgerKey {
  mapping: string
  /** File name with its endings. */
  name: string
  sha256: string
}

/** Notes that a file is being loaded; attempts that ended without a word are closed. @returns its row */
export async function beginFile(sql: Sql, { mapping, name, sha256 }: LedgerKey): Promise<number> {
  await sql`
    update intake.files set state = 'failed', finished_at = clock_timestamp(), summary = '{"error": "interrupted"}'
    where mapping = ${mapping} and name = ${name} and sha256 = ${sha256} and state = 'loading'`
  const [row] = await sql<{ file: number }[]>`
    insert into intake.files (mapping, name, sha256, state) values (${mapping}, ${name}, ${sha256}, 'loading')
    returning file`
  if (!row) throw new Error('intake.files answered no row')
  return row.file
}

export async function finishFile(sql: Sql, row: number, summary: FileSummary): Promise<void> {
  const json = JSON.stringify(summary)
  await sql`
    update intake.files set state = ${stateOf(summary)}, finished_at = clock_timestamp(), summary = ${json}::text::jsonb
    where file = ${row}`
}

/** Loaded: anything of it is in the log, or it held nothing that should be. Failed: nothing could be used. */
export function stateOf(summary: FileSummary): 'loaded' | 'failed' {
  const nothingUsable = summary.rows > 0 && summary.rejectedRows === summary.rows
  return summary.error !== null || nothingUsable ? 'failed' : 'loaded'
}

/** How often in a row the same file was begun and never finished. */
export async function interruptedAttempts(sql: Sql, { mapping, name, sha256 }: LedgerKey): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from intake.files
    where mapping = ${mapping} and name = ${name} and sha256 = ${sha256}
      and (state = 'loading' or summary = '{"error": "interrupted"}')
      and file > coalesce((
        select max(file) from intake.files
        where mapping = ${mapping} and name = ${name} and sha256 = ${sha256}
          and state <> 'loading' and summary <> '{"error": "interrupted"}'), 0)`
  return row?.count ?? 0
}

/** The result of the same file, if it was finished after a row of the ledger; null when it was not, or has to be read again. */
export async function resultSince(
  sql: Sql,
  { mapping, name, sha256 }: LedgerKey,
  after: number,
): Promise<FileSummary | null> {
  const [row] = await sql<{ summary: FileSummary | null; state: string }[]>`
    select state, summary from intake.files
    where mapping = ${mapping} and name = ${name} and sha256 = ${sha256} and file > ${after}
    order by file desc limit 1`
  const isFinished = row?.summary && 'rows' in row.summary && !row.summary.changed
  return isFinished ? row.summary : null
}

/** The rejects of a file have moved with it. */
export async function moveRejects(sql: Sql, from: string, to: string): Promise<void> {
  await sql`
    update intake.files set summary = jsonb_set(summary, '{rejects}', to_jsonb(${to}::text))
    where summary ->> 'rejects' = ${from}`
}
