import { type Options, stringify } from 'csv-stringify'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { isByPeriod } from '#domain/report-views.ts'
import { rankedRows } from '#server/serving/reports/ranked-rows.ts'
import { rankedRowReader, readAllPeriods, readDays } from '#server/serving/reports/read-report.ts'
import { fileColumns, fileName } from '#server/serving/reports/report-columns.ts'
import { planReport, type ReportPlan } from '#server/serving/reports/report-plan.ts'
import type { ReportRequest } from '#server/serving/reports/report-request.ts'
import type { ReportRow } from '#server/serving/reports/report-shapes.ts'
import { stockRows } from '#server/serving/reports/stock-rows.ts'

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
 * they come, so that memory does not grow with their number. Resolves once the question has been understood
 * and its first rows are being read.
 * @throws ExportsBusyError
 */
export async function exportReport(sql: Sql, request: ReportRequest): Promise<ReportFile> {
  if (running >= MAX_EXPORTS) {
    throw new ExportsBusyError(`${MAX_EXPORTS} files are being written already: try again in a moment`)
  }
  running += 1
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const planned = Promise.withResolvers<ReportPlan>()
  writeReport(sql, { request, writable, onPlan: planned.resolve })
    .catch(async (error: unknown) => {
      planned.reject(error)
      // A file that breaks off must not look whole.
      await writable.abort(error).catch(() => {})
    })
    .finally(() => {
      running -= 1
    })
  return { name: fileName(await planned.promise), content: readable }
}

async function writeReport(
  sql: Sql,
  {
    request,
    writable,
    onPlan,
  }: { request: ReportRequest; writable: WritableStream<Uint8Array>; onPlan: (plan: ReportPlan) => void },
): Promise<void> {
  const writer = writable.getWriter()
  try {
    await readSnapshot(sql, async reading => {
      const plan = await planReport(reading, request)
      onPlan(plan)
      const columns = fileColumns(plan)
      const toText = csvWriter(columns.map(({ header }) => header))
      for await (const rows of rowsOf(reading, plan)) {
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
async function* rowsOf(reading: Reading, plan: ReportPlan): AsyncGenerator<ReportRow[]> {
  const days = await readDays(reading, plan)
  if (isByPeriod(plan.request.view)) {
    yield (await readAllPeriods(reading, plan, days)).rows
    return
  }
  const toRow = rankedRowReader(plan, days)
  let any = false
  const all =
    plan.request.view === 'inventory-by-product'
      ? stockRows(reading, plan, null)
      : rankedRows(reading, plan, null)
  for await (const rows of all.cursor(ROWS_AT_ONCE)) {
    any = true
    yield rows.map(toRow)
  }
  if (!any) yield []
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
async function taken(writing: Promise<void>): Promise<void> {
  const stalled = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => stalled.reject(new Error(`the reader of the file has taken nothing for ${STALLED_MS / 1_000} s`)),
    STALLED_MS,
  )
  try {
    await Promise.race([writing, stalled.promise])
  } finally {
    clearTimeout(timer)
  }
}
