import { storableText } from '#server/intake/files/interpret/cells.ts'
import { type SourceFile, SourceFileChangedError } from '#server/intake/files/read/source-file.ts'
import { type LoadedFigures, NO_FIGURES, sumFigures } from './loaded-figures.ts'

/** What became of a file's rows. Every row is counted in exactly one of the kinds. */
export interface RowCounts {
  rows: number
  orderRows: number
  returnRows: number
  stockAdjustmentRows: number
  /** Of files whose lines are events: voided orders. */
  voidRows: number
  /** Z reports. */
  tillReportRows: number
  /** Receipts, counts and transfers. */
  stockRows: number
  /** Purchase orders placed and cancelled. */
  purchaseRows: number
  reviewRows: number
  priceRows: number
  /** By a rule of the mapping. */
  setAsideRows: number
  /** Not loaded: bad, or set back with their document. */
  rejectedRows: number
  /** Events that were new to the log. */
  eventsAppended: number
  /** Events that the log knew already. */
  duplicates: number
  /** Rows whose local time occurs twice (the earlier was taken), or never (shifted forward). */
  ambiguousTimes: number
  missingTimes: number
}

export interface FileSummary extends RowCounts, LoadedFigures {
  /** Name without folder and endings. */
  file: string
  path: string
  /** Where the rows that were not loaded are, with row number and reason; null when there are none. */
  rejects: string | null
  /** Why nothing of the file could be read; null when it could. */
  error: string | null
  /** It changed while it was read, or went away: the error may be gone by the next time. */
  changed: boolean
}

export interface ImportSummary {
  mapping: string
  dryRun: boolean
  files: FileSummary[]
  total: TotalSummary
}

export type TotalSummary = RowCounts & LoadedFigures & { file: 'total' }

export const NO_ROWS: Readonly<RowCounts> = {
  rows: 0,
  orderRows: 0,
  returnRows: 0,
  stockAdjustmentRows: 0,
  voidRows: 0,
  tillReportRows: 0,
  stockRows: 0,
  purchaseRows: 0,
  reviewRows: 0,
  priceRows: 0,
  setAsideRows: 0,
  rejectedRows: 0,
  eventsAppended: 0,
  duplicates: 0,
  ambiguousTimes: 0,
  missingTimes: 0,
}

const COUNTS = Object.keys(NO_ROWS) as (keyof RowCounts)[]

/** The summary of a file of which nothing was loaded. */
export function unreadFile({ name, path }: Pick<SourceFile, 'name' | 'path'>, error: Error): FileSummary {
  const fault = { error: storableText(error.message), changed: error instanceof SourceFileChangedError }
  return { ...NO_ROWS, ...NO_FIGURES, file: name, path, rejects: null, ...fault }
}

export function totalOf(files: readonly (RowCounts & LoadedFigures)[]): TotalSummary {
  const total: TotalSummary = { file: 'total', ...NO_ROWS, ...sumFigures(files) }
  for (const file of files) for (const count of COUNTS) total[count] += file[count]
  return total
}

/** 0: every row was loaded or set aside by a rule. 2: some were rejected. 1: a file could not be read. */
export function exitCodeOf({ files, total }: Pick<ImportSummary, 'files' | 'total'>): 0 | 1 | 2 {
  if (files.some(file => file.error !== null)) return 1
  return total.rejectedRows > 0 ? 2 : 0
}

const COLUMNS: readonly (readonly [title: string, count: keyof RowCounts])[] = [
  ['rows', 'rows'],
  ['orders', 'orderRows'],
  ['returns', 'returnRows'],
  ['voids', 'voidRows'],
  ['Z reports', 'tillReportRows'],
  ['adjustments', 'stockAdjustmentRows'],
  ['stock', 'stockRows'],
  ['purchases', 'purchaseRows'],
  ['reviews', 'reviewRows'],
  ['price changes', 'priceRows'],
  ['set aside', 'setAsideRows'],
  ['rejected', 'rejectedRows'],
  ['events', 'eventsAppended'],
  ['duplicates', 'duplicates'],
]

/** Kinds that most files cannot have: shown where there are some. */
const RARE: ReadonlySet<keyof RowCounts> = new Set([
  'voidRows',
  'tillReportRows',
  'stockRows',
  'purchaseRows',
  'reviewRows',
  'priceRows',
])

/** The summary as a table for people, with what they should know below it. */
export function renderSummary({ files, total, dryRun }: ImportSummary): string {
  const columns = COLUMNS.filter(([, count]) => !RARE.has(count) || total[count] > 0)
  const titles = ['file', ...columns.map(([title]) => title)]
  const lines = [...files, total].map(file => [file.file, ...columns.map(([, count]) => String(file[count]))])
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map(line => line[column]?.length ?? 0)),
  )
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rule = widths.map(width => '-'.repeat(width)).join('  ')
  const last = lines.pop() ?? []
  return `${[render(titles), rule, ...lines.map(render), rule, render(last), ...totalsOf(total), ...notesOf(files, total, dryRun)].join('\n')}\n`
}

/** The days, and a line a currency: what the log holds of the files now, to be compared with what the till says. */
function totalsOf({ firstBusinessDay, lastBusinessDay, totals }: LoadedFigures): string[] {
  if (firstBusinessDay === null) return []
  return [
    '',
    `Business days ${firstBusinessDay} to ${lastBusinessDay}, both included.`,
    ...totals.map(
      ({ currency, orders, units, gross, discounts, returns, returnDocuments, unitsReturned, net }) =>
        `${currency}: ${orders} orders of ${units} units, gross ${gross}, discounts ${discounts}, returns ${returns} (${returnDocuments} documents, ${unitsReturned} units), net ${net}`,
    ),
  ]
}

function notesOf(files: readonly FileSummary[], total: RowCounts, dryRun: boolean): string[] {
  const notes: string[] = []
  if (dryRun) notes.push('Dry run: nothing was written. "events" are those that would be new to the log.')
  if (total.ambiguousTimes > 0) {
    notes.push(
      `${total.ambiguousTimes} rows have a local time that occurs twice (clock change): the earlier was taken.`,
    )
  }
  if (total.missingTimes > 0) {
    notes.push(
      `${total.missingTimes} rows have a local time that was skipped (clock change): it was shifted forward.`,
    )
  }
  for (const file of files) {
    if (file.error !== null) notes.push(`${file.file}: ${file.error}`)
    if (file.rejects !== null)
      notes.push(`${file.file}: rows that were not loaded, with the reason: ${file.rejects}`)
  }
  return notes.length === 0 ? [] : ['', ...notes]
}
