import { type Options, stringify } from 'csv-stringify'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { PERIOD_COLUMNS } from '#domain/calendar.ts'
import { FIGURES, REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'
import { deadline } from '#platform/time.ts'
import { stockRows } from './inventory.ts'
import { openQuestion, type Question, type ReportRequest } from './question.ts'
import { type ReportRow, readTable, stockRowReader } from './report.ts'

/** Files that may be written at once: each holds a connection and a snapshot for as long as its reader takes. */
const MAX_EXPORTS = 2
/** A reader that takes nothing for so long has gone away, whatever its connection says. */
const STALLED_MS = 30_000
const ROWS_AT_ONCE = 500

/** All places are taken. The message says what to do. */
export class ExportsBusyError extends Error {
  override readonly name = 'ExportsBusyError'
}

export interface ReportFile {
  name: string
  /** UTF-8 with byte order mark, without which Excel reads names as another alphabet. */
  content: ReadableStream<Uint8Array>
}

let running = 0

/**
 * A report as a CSV file: the rows of its table, all of them, in its order, read in one snapshot and written as
 * the reader takes them; those of stock by product, a year of which are millions, also read as they are taken. Resolves once the question has been understood
 * and its first rows are being read.
 * @throws ExportsBusyError
 */
export async function exportReport(sql: Sql, request: ReportRequest): Promise<ReportFile> {
  if (running >= MAX_EXPORTS) {
    throw new ExportsBusyError(`${MAX_EXPORTS} files are being written already: try again in a moment`)
  }
  running += 1
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const understood = Promise.withResolvers<Question>()
  writeReport(sql, { request, writable, onQuestion: understood.resolve })
    .catch(async (error: unknown) => {
      understood.reject(error)
      // A file that breaks off must not look whole.
      await writable.abort(error).catch(() => {})
    })
    .finally(() => {
      running -= 1
    })
  return { name: fileName(await understood.promise), content: readable }
}

async function writeReport(
  sql: Sql,
  {
    request,
    writable,
    onQuestion,
  }: {
    request: ReportRequest
    writable: WritableStream<Uint8Array>
    onQuestion: (question: Question) => void
  },
): Promise<void> {
  const writer = writable.getWriter()
  try {
    await readSnapshot(sql, async reading => {
      const question = await openQuestion(reading, request)
      onQuestion(question)
      const columns = fileColumns(question)
      const toText = csvWriter(columns.map(({ header }) => header))
      for await (const rows of rowsOf(reading, question)) {
        const text = await toText(
          rows.map(row => columns.map(column => cell(column.value(row), column.isNumber))),
        )
        await taken(writer.write(encoder.encode(text)))
      }
    })
    await taken(writer.close())
  } finally {
    writer.releaseLock()
  }
}

/** At least one batch, though it be empty: the file has its header all the same. */
async function* rowsOf(reading: Reading, question: Question): AsyncGenerator<ReportRow[]> {
  if (question.request.view === 'inventory-by-product') {
    const toRow = stockRowReader(question)
    yield []
    for await (const rows of stockRows(reading, question, null).cursor(ROWS_AT_ONCE)) yield rows.map(toRow)
    return
  }
  const { rows } = await readTable(reading, question)
  for (let start = 0; start === 0 || start < rows.length; start += ROWS_AT_ONCE) {
    yield rows.slice(start, start + ROWS_AT_ONCE)
  }
}

/** Numbers are written plainly; the others are text that people may have written. */
interface FileColumn {
  header: string
  isNumber: boolean
  value: (row: ReportRow) => string | number | null | undefined
}

/** The columns of a report as a file: those of its table, named as in schema `reports`, then the row's basis. */
function fileColumns(question: Question): FileColumn[] {
  const { keys, figures, metric, unit, askedComparison, request } = question
  const { isMoney } = VIEWS[request.view]
  const word = (header: string, value: FileColumn['value']): FileColumn => ({
    header,
    isNumber: false,
    value,
  })
  const number = (header: string, value: FileColumn['value']): FileColumn => ({
    header,
    isNumber: true,
    value,
  })
  const hasPeriod = keys.includes('period')
  return [
    ...keys.map(key => word(key === 'period' ? PERIOD_COLUMNS[request.grain] : key, row => row.key[key])),
    ...(keys.includes('sku') ? [word('name', row => row.key.name)] : []),
    ...(keys.includes('sku') && !hasPeriod ? [word('category', row => row.key.category)] : []),
    ...(isMoney ? [word('currency', () => unit)] : []),
    ...figures.map(name => (FIGURES[name].kind === 'word' ? word : number)(name, row => row.figures[name])),
    ...(askedComparison
      ? [
          ...(hasPeriod ? [word('compared_with', row => row.comparedPeriod)] : []),
          number(`${metric}_before`, row => row.before),
          number(`${metric}_change`, row => row.change),
          number(`${metric}_change_percent`, row => row.percent),
          number('store_days_on_file_before', row => row.coverage?.before.onFile),
          number('store_days_before', row => row.coverage?.before.of),
        ]
      : []),
    ...(hasPeriod
      ? [
          word('state', row => row.settlement?.state),
          number('restated_days', row => row.settlement?.restated),
        ]
      : []),
    number('run_id', row => row.runId),
    word('computed_at', row => (row.computedAt === null ? null : new Date(row.computedAt).toISOString())),
  ]
}

/** `tillstream-sales-by-week-2026-11-02-to-2026-11-22-EUR.csv`; `all-in-EUR` where all currencies are converted. */
function fileName({ request, range, unit }: Question): string {
  const { view, grain } = request
  const { grains, isMoney } = VIEWS[view]
  const amounts = request.currency === REPORTING_CURRENCY ? `all-in-${unit}` : unit
  const parts = [
    view,
    grains.length > 1 ? `by-${grain}` : '',
    range.from,
    'to',
    range.to,
    isMoney ? amounts : '',
  ]
  return `tillstream-${parts.filter(part => part !== '').join('-')}.csv`
}

const encoder = new TextEncoder()

type Cell = string | number | NegativeNumber | null

/** Begins like a formula and is none. */
interface NegativeNumber {
  number: string
}

/**
 * What a spreadsheet would take for a formula is made text, in words that people chose. A number keeps its minus:
 * it is a number.
 */
function cell(value: string | number | null | undefined, isNumber: boolean): Cell {
  if (value === null || value === undefined) return null
  return isNumber && String(value).startsWith('-') ? { number: String(value) } : value
}

/** Records as CSV (RFC 4180): the first call writes byte order mark and header. */
function csvWriter(headers: readonly string[]): (records: Cell[][]) => Promise<string> {
  let isFirst = true
  return records => {
    const written = Promise.withResolvers<string>()
    const options: Options = {
      bom: isFirst,
      record_delimiter: 'windows',
      escape_formulas: true,
      cast: {
        object: ({ number }) => ({ value: String(number), escape_formulas: false }),
      },
    }
    stringify(isFirst ? [[...headers], ...records] : records, options, (error, text) => {
      if (error) written.reject(error)
      else written.resolve(text)
    })
    isFirst = false
    return written.promise
  }
}

/** Waits for the reader of the file, but not for ever. */
function taken(writing: Promise<void>): Promise<void> {
  return deadline(
    writing,
    STALLED_MS,
    () => new Error(`the reader of the file has taken nothing for ${STALLED_MS / 1_000} s`),
  )
}
