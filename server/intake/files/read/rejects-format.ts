import { readBytes, type SourceFile } from './source-file.ts'

/*
 * A file of rejects is what was not loaded, to be repaired and imported again: it reads back unchanged.
 *
 *   row,line,reason,detail,<the file's own columns>      UTF-8, whatever the file's encoding
 *
 * Of ndjson the file's own columns are one, `json`: the line.
 */

const OWN_COLUMNS = ['row', 'line', 'reason', 'detail'] as const

/** Should the file use one of our names itself, ours gives way: the mapping reads the file's. */
export function ownColumnsBeside(columns: readonly string[]): string[] {
  return OWN_COLUMNS.map(name => {
    let own: string = name
    while (columns.includes(own)) own = `${own}_`
    return own
  })
}

/** The one column that stands for a line of ndjson. */
export const JSON_COLUMNS = ['json']

/** The file's own columns under a header row of rejects; null when it is none. */
export function columnsBesideOwn(header: readonly string[]): string[] | null {
  const columns = header.slice(OWN_COLUMNS.length).map(restored)
  const isOwn = ownColumnsBeside(columns).every((name, place) => header[place] === name)
  return isOwn ? columns : null
}

const HEAD = /^\ufeff?"?row_*"?([,;\t|])"?line_*"?\1"?reason_*"?\1"?detail_*"?\1/

/** Most bytes in which the head of a file of rejects stands. */
const HEAD_BYTES = 256

/**
 * What separates the columns of a file of rejects; null when the file begins otherwise. A spreadsheet may have saved it
 * since, with semicolons or quotes.
 * @throws SourceFileError when the file cannot be read
 */
export async function findRejectsDelimiter(file: SourceFile): Promise<string | null> {
  let head = Buffer.alloc(0)
  for await (const chunk of readBytes(file)) {
    head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)])
    if (head.length >= HEAD_BYTES) break
  }
  return HEAD.exec(head.toString('utf8'))?.[1] ?? null
}

const PLAIN_NUMBER = /^[+-]?[\d.,' ]+$/
const TO_NEUTRALISE = /^'*[=+\-@\t\r]/
const NEUTRALISED = /^'+[=+\-@\t\r]/

/**
 * A spreadsheet would run a cell that begins like a formula: an apostrophe before it keeps it from that. Numbers are left
 * as they are. A cell that begins so already gets one more, so that `restored` knows what stood there.
 */
export function neutralised(cell: string): string {
  return TO_NEUTRALISE.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell
}

/** The cell as the file had it. */
export function restored(cell: string): string {
  return NEUTRALISED.test(cell) ? cell.slice(1) : cell
}
