import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { RowChunk, SourceRow } from './source-rows.ts'

/** A row that was not loaded, with the reason. */
export interface RejectedRow {
  row: number
  reason: string
  detail: string
}

const OWN_COLUMNS = ['row', 'line', 'reason', 'detail'] as const

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
  await mkdir(path.dirname(target), { recursive: true })
  const output = createWriteStream(target)
  let headed = false
  let next = await rejected.next()
  for await (const { columns, rows } of file) {
    const lines: string[][] = []
    if (!headed && columns.length > 0) {
      lines.push([...ownColumnsBeside(columns), ...columns])
      headed = true
    }
    for (const source of rows) {
      if (next.done) break
      if (source.row !== next.value.row) continue
      const { row, reason, detail } = next.value
      const cells = fitted(source.fields, columns.length)
      lines.push([String(row), String(source.line), reason, detail, ...cells].map(neutralised))
      onRow(next.value, source)
      next = await rejected.next()
    }
    if (lines.length > 0 && !output.write(stringify(lines))) await once(output, 'drain')
    if (next.done) break
  }
  output.end()
  await once(output, 'finish')
}

/** Should the file use one of our names itself, ours gives way: the mapping reads the file's. */
function ownColumnsBeside(columns: readonly string[]): string[] {
  return OWN_COLUMNS.map(name => {
    let own: string = name
    while (columns.includes(own)) own = `${own}_`
    return own
  })
}

/** A row with too few or too many cells, in as many as there are columns: the surplus stands in the last. */
function fitted(fields: readonly string[], width: number): string[] {
  const cells = fields.slice(0, width)
  if (fields.length > width) cells[width - 1] = fields.slice(width - 1).join(',')
  while (cells.length < width) cells.push('')
  return cells
}

const FORMULA_START = /^[=+\-@\t\r]/
const PLAIN_NUMBER = /^[+-]?[\d.,' ]+$/

/** A spreadsheet would run a cell that begins like a formula; numbers are left as they are. */
function neutralised(cell: string): string {
  return FORMULA_START.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell
}
