import { messageOf } from '#platform/command.ts'
import type { RowMapping } from '#server/intake/files/interpret/mapping.ts'
import { type CsvRecord, createCsvScanner } from './csv-scanner.ts'
import {
  columnsBesideOwn,
  findRejectsDelimiter,
  JSON_COLUMNS,
  ownColumnsBeside,
  restored,
} from './rejects-format.ts'
import { readText, type SourceFile, SourceFileError } from './source-file.ts'

/** One row of a file, in the columns that the mapping reads. */
export interface SourceRow {
  /** As a spreadsheet counts: the header, and every blank line, is a row. */
  row: number
  /** Line of the file in which it begins, from 1. */
  line: number
  /** One per column that the mapping reads, trimmed; undefined where a broken row holds none. */
  cells: (string | undefined)[]
  /** All its cells, under the file's own columns. */
  fields: readonly string[]
  /** The row as it was written. */
  raw: string
  /** Why it cannot be read. */
  problem: string | null
}

/** Some rows of a file. */
export interface RowChunk {
  /** The file's own columns; of ndjson, one: the line. */
  columns: readonly string[]
  rows: SourceRow[]
}

/**
 * The rows of a file after its header.
 * @param columns that the mapping reads; the cells come in this order
 * @throws SourceFileError when the file cannot be read or lacks a column
 */
export async function* readRows(
  file: SourceFile,
  mapping: RowMapping,
  columns: readonly string[],
): AsyncGenerator<RowChunk> {
  const delimiter = await findRejectsDelimiter(file)
  if (delimiter !== null) {
    const rejects = await readRejectsHead(file, { delimiter, columns })
    if (rejects) {
      yield* readRejectedRows(rejects, { file, columns })
      return
    }
  }
  yield* file.format === 'csv' ? readCsvRows(file, mapping, columns) : readJsonRows(file, mapping, columns)
}

async function* readCsvRows(
  file: SourceFile,
  mapping: RowMapping,
  columns: readonly string[],
): AsyncGenerator<RowChunk> {
  const pieces = readText(file, mapping.encoding)
  try {
    yield* rowsOfText(pieces, file, { mapping, columns })
  } finally {
    // Also where its head was refused: the file is closed.
    await pieces.return(undefined)
  }
}

async function* rowsOfText(
  pieces: AsyncGenerator<string>,
  file: SourceFile,
  { mapping, columns }: { mapping: RowMapping; columns: readonly string[] },
): AsyncGenerator<RowChunk> {
  const { head, delimiter, skippedLines } = await readHead(pieces, file, { mapping, columns })
  const scanner = createCsvScanner(delimiter)
  let row = skippedLines
  let header: readonly string[] | undefined = mapping.header
  let places = header && placesOf(file, header, columns)

  function* rowsOf(piece: string, last: boolean): Generator<SourceRow> {
    for (const record of scanner.scan(piece, last)) {
      row += 1
      if (record.raw.trim() === '') continue
      if (!header || !places) {
        header = record.fields.map(name => name.trim())
        places = placesOf(file, header, columns)
        continue
      }
      yield {
        row,
        line: record.line + skippedLines,
        cells: places.map(place => record.fields[place]?.trim()),
        fields: record.problem === null ? record.fields : record.raw.split(delimiter),
        raw: record.raw,
        problem: record.problem ?? explainWidth(record.fields, header.length),
      }
    }
  }

  function chunkOf(piece: string, last: boolean): RowChunk {
    const rows = [...rowsOf(piece, last)]
    return { columns: header ?? [], rows }
  }

  yield chunkOf(head, false)
  for await (const piece of pieces) yield chunkOf(piece, false)
  yield chunkOf('', true)
}

interface RejectsHead {
  delimiter: string
  /** The columns of the file that the rows come from. */
  own: readonly string[]
}

/** A file of rejects has the mapping's columns beside ours; a file that only looks like one, under the same names, has not. */
async function readRejectsHead(
  file: SourceFile,
  { delimiter, columns }: { delimiter: string; columns: readonly string[] },
): Promise<RejectsHead | null> {
  for await (const { fields } of recordsOf(file, delimiter)) {
    const own = columnsBesideOwn(fields)
    const isRead = own && (isJsonLine(own) || columns.every(column => own.includes(column)))
    return isRead ? { delimiter, own } : null
  }
  return null
}

function isJsonLine(own: readonly string[]): boolean {
  return own.length === 1 && own[0] === JSON_COLUMNS[0]
}

async function* recordsOf(file: SourceFile, delimiter: string): AsyncGenerator<CsvRecord> {
  const scanner = createCsvScanner(delimiter)
  for await (const piece of readText(file, 'utf-8')) yield* scanner.scan(piece, false)
  yield* scanner.scan('', true)
}

/** The rows of a file of rejects, repaired: as if they stood in the file that they come from. */
async function* readRejectedRows(
  { delimiter, own }: RejectsHead,
  { file, columns }: { file: SourceFile; columns: readonly string[] },
): AsyncGenerator<RowChunk> {
  const places = placesOf(file, own, columns)
  const width = ownColumnsBeside(own).length
  let row = 0
  let rows: SourceRow[] = []
  for await (const record of recordsOf(file, delimiter)) {
    row += 1
    if (row === 1 || record.raw.trim() === '') continue
    const fields = record.fields.slice(width).map(restored)
    const [line = ''] = fields
    const read = isJsonLine(own)
      ? decodeRow(line.trim(), columns)
      : {
          cells: places.map(place => fields[place]?.trim()),
          problem: explainWidth(fields, own.length),
        }
    const problem = record.problem ?? read.problem
    rows.push({ row, line: record.line, raw: record.raw, fields, cells: read.cells, problem })
    if (rows.length >= REJECTS_CHUNK) {
      yield { columns: own, rows }
      rows = []
    }
  }
  yield { columns: own, rows }
}

const REJECTS_CHUNK = 1_000

/** The lines of ndjson in a file of rejects, each with its place in it; null when the file is none. */
export async function readRejectedLines(
  file: SourceFile,
): Promise<AsyncGenerator<{ line: number; text: string }> | null> {
  const delimiter = await findRejectsDelimiter(file)
  const head = delimiter === null ? null : await readRejectsHead(file, { delimiter, columns: JSON_COLUMNS })
  if (!head) return null
  return (async function* lines() {
    for await (const { rows } of readRejectedRows(head, { file, columns: [] })) {
      for (const { line, fields } of rows) yield { line, text: fields[0] ?? '' }
    }
  })()
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** Most characters that are read to find the header row. */
const MAX_HEAD = 65_536

/** Reads up to the end of the header row, and decides what separates the columns. */
async function readHead(
  pieces: AsyncGenerator<string>,
  file: SourceFile,
  { mapping, columns }: { mapping: RowMapping; columns: readonly string[] },
): Promise<{ head: string; delimiter: string; skippedLines: number }> {
  let head = ''
  while (head.length < MAX_HEAD && !/\S[^\n]*\n/.test(head)) {
    const next = await pieces.next()
    if (next.done) break
    head += next.value
  }
  // Excel's own hint, which it does not show as a row.
  const hint = /^sep=(.)\r?\n/.exec(head)
  if (hint?.[1]) return { head: head.slice(hint[0].length), delimiter: hint[1], skippedLines: 1 }
  const headerLine = /^\s*([^\n]*)/.exec(head)?.[1] ?? ''
  if (headerLine.trim() === '') throw new SourceFileError(`${file.path} is empty.`)
  if (mapping.header) {
    return {
      head,
      delimiter: mapping.delimiter === 'auto' ? commonest(headerLine) : mapping.delimiter,
      skippedLines: 0,
    }
  }
  const candidates = mapping.delimiter === 'auto' ? DELIMITERS : [mapping.delimiter]
  const delimiter = candidates.find(candidate => missing(headerLine, candidate, columns).length === 0)
  if (delimiter !== undefined) return { head, delimiter, skippedLines: 0 }
  const best = candidates.toSorted(
    (left, right) => missing(headerLine, left, columns).length - missing(headerLine, right, columns).length,
  )[0]
  throw new SourceFileError(
    `${file.path} has no column ${missing(headerLine, best ?? ',', columns).join(', ')}. ` +
      `Its first row is: ${headerLine.trim().slice(0, 300)}. Put the mapping's columns (or delimiter) right.`,
  )
}

function missing(headerLine: string, delimiter: string, columns: readonly string[]): string[] {
  const [record] = createCsvScanner(delimiter).scan(headerLine, true)
  const names = new Set(record?.fields.map(name => name.trim()))
  return columns.filter(column => !names.has(column))
}

function commonest(line: string): string {
  const counts = DELIMITERS.map(delimiter => line.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
}

/** @throws SourceFileError where a name stands twice: which of the two is meant, nobody can tell */
function placesOf(file: SourceFile, header: readonly string[], columns: readonly string[]): number[] {
  return columns.map(column => {
    const place = header.indexOf(column)
    if (place === header.lastIndexOf(column)) return place
    throw new SourceFileError(
      `${file.path} has two columns called ${column}, which the mapping reads: call one of them otherwise, or name all columns with the mapping's header.`,
    )
  })
}

/** Empty cells past the header's are what some programs put at a line's end; anything else is a fault. */
function explainWidth(fields: readonly string[], width: number): string | null {
  if (fields.length === width) return null
  if (fields.length > width && fields.slice(width).every(value => value.trim() === '')) return null
  return `it has ${fields.length} columns, the header ${width}`
}

async function* readJsonRows(
  file: SourceFile,
  mapping: RowMapping,
  columns: readonly string[],
): AsyncGenerator<RowChunk> {
  let rest = ''
  let line = 0

  function toRow(text: string): SourceRow[] {
    line += 1
    const raw = text.trim()
    if (raw === '') return []
    return [{ row: line, line, raw, fields: [raw], ...decodeRow(raw, columns) }]
  }

  for await (const piece of readText(file, mapping.encoding)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield { columns: JSON_COLUMNS, rows: lines.flatMap(toRow) }
    if (rest.length > MAX_JSON_LINE) {
      throw new SourceFileError(`${file.path}: line ${line + 1} is longer than ${MAX_JSON_LINE} characters.`)
    }
  }
  yield { columns: JSON_COLUMNS, rows: toRow(rest) }
}

const MAX_JSON_LINE = 4_194_304

function decodeRow(raw: string, columns: readonly string[]): Pick<SourceRow, 'cells' | 'problem'> {
  try {
    const value: unknown = JSON.parse(raw, exactNumber)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const entries = value as Record<string, unknown>
      const cells = columns.map(name => cellOf(Object.hasOwn(entries, name) ? entries[name] : null))
      return { cells, problem: null }
    }
    return { cells: [], problem: 'the line is JSON, but no object' }
  } catch (error) {
    return {
      cells: [],
      problem: `the line is not JSON: ${messageOf(error)}`,
    }
  }
}

/** A number as it was written, where JavaScript's would be another: two long document numbers would become one. */
function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const written = context?.source
  if (typeof value !== 'number' || written === undefined || !/^-?\d+(\.\d+)?$/.test(written)) return value
  return String(value) === written ? value : written
}

/** Numbers are written out as JSON wrote them; absent and null are empty cells. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}
