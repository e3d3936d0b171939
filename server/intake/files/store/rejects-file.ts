import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { stringify } from 'csv-stringify/sync'
import { neutralised, ownColumnsBeside } from '#server/intake/files/read/rejects-format.ts'
import type { RowChunk, SourceRow } from '#server/intake/files/read/source-rows.ts'

/** A row that was not loaded, with the reason. */
export interface RejectedRow {
  row: number
  reason: string
  detail: string
}

/**
 * Writes the rows that were not loaded, as CSV: row number (as a spreadsheet counts), line of the file, reason,
 * and the row itself under the file's own column names, so that it can be repaired here and imported again.
 *
 * @param file the file's rows once more
 * @param rejected in the order of their row
 * @param onRow told of each row with what the file says
 */
export async function writeRejects<Rejected extends RejectedRow>(
  target: string,
  {
    file,
    rejected,
    onRow,
  }: {
    file: AsyncIterable<RowChunk>
    rejected: AsyncIterator<Rejected>
    onRow(rejected: Rejected, source: SourceRow): void
  },
): Promise<void> {
  const output = createRejectsFile(target)
  let next = await rejected.next()
  for await (const { columns, rows } of file) {
    const lines: UnloadedLine[] = []
    for (const source of rows) {
      if (next.done) break
      if (source.row !== next.value.row) continue
      lines.push({ ...next.value, line: source.line, fields: source.fields })
      onRow(next.value, source)
      next = await rejected.next()
    }
    await output.write(columns, lines)
    if (next.done) break
  }
  await output.close()
}

/** A row that was not loaded, as the file has it. */
export interface UnloadedLine extends RejectedRow {
  line: number
  fields: readonly string[]
}

/** A file of rejects that is written piece by piece. It is made with the first row. */
export interface RejectsFile {
  /** @param columns the file's own */
  write(columns: readonly string[], lines: readonly UnloadedLine[]): Promise<void>
  /** Resolves when everything is written. */
  close(): Promise<void>
}

export function createRejectsFile(target: string): RejectsFile {
  let output: WriteStream | undefined
  let failure: Error | undefined

  /** A disk that fills up fails the import, not the process. */
  function unlessFailed(): void {
    if (failure) throw new Error(`${target} cannot be written: ${failure.message}`, { cause: failure })
  }

  return {
    async write(columns, lines) {
      unlessFailed()
      if (lines.length === 0) return
      const records = lines.map(({ row, line, reason, detail, fields }) =>
        [String(row), String(line), reason, detail, ...fitted(fields, columns.length)].map(neutralised),
      )
      if (!output) {
        await mkdir(path.dirname(target), { recursive: true })
        // Made anew, never what somebody has put there: a link would lead out of the folder.
        await rm(target, { force: true })
        output = createWriteStream(target, { flags: 'wx' })
        output.on('error', error => {
          failure = error
        })
        records.unshift([...ownColumnsBeside(columns), ...columns.map(neutralised)])
      }
      if (!output.write(stringify(records))) await once(output, 'drain').catch(() => {})
      unlessFailed()
    },
    async close() {
      if (!output) return
      output.end()
      await finished(output).catch(() => {})
      unlessFailed()
    },
  }
}

/** A row with too few or too many cells, in as many as there are columns: the surplus stands in the last. */
function fitted(fields: readonly string[], width: number): string[] {
  const cells = fields.slice(0, width)
  if (fields.length > width) cells[width - 1] = fields.slice(width - 1).join(',')
  while (cells.length < width) cells.push('')
  return cells
}
