import path from 'node:path'
import { type EventType, explainType } from '#domain/event.ts'
import {
  type Admission,
  type Admitted,
  admit,
  decodeLine,
  type Entry,
  notJson,
  textField,
} from '#server/intake/admit.ts'
import { deadLetterOf } from '#server/intake/dead-letters.ts'
import { storableText } from '#server/intake/files/interpret/cells.ts'
import type { EventsMapping } from '#server/intake/files/interpret/mapping.ts'
import { type EventLine, type EventPage, readEventPages } from '#server/intake/files/read/event-lines.ts'
import { JSON_COLUMNS } from '#server/intake/files/read/rejects-format.ts'
import {
  readBytes,
  type SourceFile,
  SourceFileChangedError,
  SourceFileError,
} from '#server/intake/files/read/source-file.ts'
import { readRejectedLines } from '#server/intake/files/read/source-rows.ts'
import { refused } from '#server/intake/outcome.ts'
import {
  createFileDeadLetters,
  type FileDeadLetters,
  type OpenDeadLetters,
  readOpenDeadLetters,
} from './file-dead-letters.ts'
import type { ImportContext } from './import-rows.ts'
import { createFigureTally, type FigureTally } from './loaded-figures.ts'
import { createRejectsFile, type RejectsFile, type UnloadedLine } from './rejects-file.ts'
import { type FileSummary, NO_ROWS, type RowCounts } from './summary.ts'

export interface ImportEventsContext extends ImportContext {
  mapping: EventsMapping
}

/** As for a request: an event that is longer is none. */
const LIMITS = { lines: 1_000, bytes: 1_048_576, line: 1_048_576 }

/**
 * Imports a file whose lines are events as POST /api/v1/events takes them, in the order of the file and in constant
 * memory. Each line stands for itself: one that is refused keeps no other back. Doing it twice appends nothing, and
 * after a crash in the middle the second time appends the rest.
 */
export async function importEvents(file: SourceFile, context: ImportEventsContext): Promise<FileSummary> {
  const name = path.basename(file.path)
  const counts: RowCounts = { ...NO_ROWS }
  const tally = createFigureTally()
  const rejects = createRejectsFile(context.rejectsPath)
  const letters = createFileDeadLetters({ file: name, sha256: context.sha256 })
  const openDeadLetters = await readOpenDeadLetters(context.sql, name)
  let fault: SourceFileError | null = null
  try {
    await loadPages(file, { ...context, counts, tally, rejects, letters, openDeadLetters })
  } catch (cause) {
    // What came before the fault is loaded, and is recognised when the whole file comes.
    if (!(cause instanceof SourceFileError)) throw cause
    fault = cause
  } finally {
    await rejects.close()
  }
  if (!context.dryRun) {
    await letters.keep(context.sql)
    await openDeadLetters.settle(context.sql)
  }
  const hasRejects = counts.rejectedRows > 0
  return {
    file: file.name,
    path: file.path,
    ...counts,
    ...tally.figures(),
    rejects: hasRejects ? context.rejectsPath : null,
    error: fault && storableText(fault.message),
    changed: fault instanceof SourceFileChangedError,
  }
}

interface Loading extends ImportEventsContext {
  counts: RowCounts
  tally: FigureTally
  rejects: RejectsFile
  letters: FileDeadLetters
  openDeadLetters: OpenDeadLetters
}

/** Reads and judges the next page while the one before is appended. */
async function loadPages(file: SourceFile, loading: Loading): Promise<void> {
  const { counts, onProgress } = loading
  let inFlight: Promise<void> | undefined
  try {
    for await (const page of await pagesOf(file)) {
      const judged = judgePage(page, loading)
      await inFlight
      inFlight = storePage(judged, loading)
      // Its failure is met by the next `await`; until then it is nobody's unhandled one.
      inFlight.catch(() => {})
      counts.rows += page.lines.length
      onProgress({ file: file.name, rows: counts.rows, documents: 0 })
    }
  } finally {
    await inFlight
  }
}

/** Of a file of rejects, repaired, the lines stand in its cells. */
async function pagesOf(file: SourceFile): Promise<AsyncIterable<EventPage>> {
  const rejected = await readRejectedLines(file)
  return rejected === null ? readEventPages(readBytes(file), LIMITS) : pagesOfLines(rejected)
}

async function* pagesOfLines(
  lines: AsyncIterable<{ line: number; text: string }>,
): AsyncGenerator<EventPage> {
  let page: EventPage = { lines: [], bytes: 0 }
  for await (const { line, text } of lines) {
    const bytes = Buffer.from(text)
    page.lines.push({ line, bytes, isTooLong: bytes.length > LIMITS.line })
    page.bytes += bytes.length
    if (page.lines.length < LIMITS.lines && page.bytes < LIMITS.bytes) continue
    yield page
    page = { lines: [], bytes: 0 }
  }
  if (page.lines.length > 0) yield page
}

interface JudgedPage {
  lines: readonly EventLine[]
  entries: Entry[]
  admissions: Admission[]
  bytes: number
}

function judgePage({ lines, bytes }: EventPage, loading: Loading): JudgedPage {
  const entries = lines.map(decode)
  return { lines, bytes, entries, admissions: entries.map(entry => judge(entry, loading)) }
}

function decode({ bytes, isTooLong }: EventLine): Entry {
  return isTooLong ? notJson(`the line is longer than ${LIMITS.line} bytes`) : decodeLine(bytes)
}

function judge(entry: Entry, { mapping, reference, clock }: Loading): Admission {
  const admission = admit(entry, { reference, now: clock(), class: 'bulk' })
  if (admission.kind !== 'admitted') return admission
  const type = admission.events[0]?.type
  if (!mapping.types || mapping.types.some(allowed => allowed === type)) return admission
  const detail = `${explainType(type, mapping.types)} under the mapping ${mapping.name}`
  return refused({ reason: 'unknown_type', detail })
}

async function storePage(
  { lines, entries, admissions, bytes }: JudgedPage,
  { counts, tally, letters, openDeadLetters, rejects, appender }: Loading,
): Promise<void> {
  const outcomes = await appender.append(admissions, bytes)
  const unloaded: UnloadedLine[] = []
  for (const [index, source] of lines.entries()) {
    const entry = entries[index]
    const outcome = outcomes[index]
    const admission = admissions[index]
    if (!outcome || !admission) throw new Error(`line ${source.line} has no outcome`)
    if ('rejection' in outcome) {
      counts.rejectedRows += 1
      letters.add({ row: source.line, ...deadLetterOf(entry, outcome.rejection, source.bytes) })
      unloaded.push({
        row: source.line,
        line: source.line,
        ...outcome.rejection,
        fields: [source.bytes.toString('utf8')],
      })
      continue
    }
    if (admission.kind !== 'admitted')
      throw new Error(`line ${source.line} was stored without being admitted`)
    counts[kindOf(admission)] += 1
    tally.add(admission.events)
    if (outcome.kind === 'duplicate') counts.duplicates += 1
    else {
      counts.eventsAppended += 1
      openDeadLetters.meet(textField(entry, 'source') ?? '', textField(entry, 'id') ?? '')
    }
  }
  await rejects.write(JSON_COLUMNS, unloaded)
}

const KINDS: Readonly<Record<EventType, keyof RowCounts>> = {
  'order.placed': 'orderRows',
  'order.voided': 'voidRows',
  'order.returned': 'returnRows',
  'till.closed': 'tillReportRows',
  'stock.received': 'stockRows',
  'stock.counted': 'stockRows',
  'stock.adjusted': 'stockAdjustmentRows',
  'stock.transferred': 'stockRows',
  'purchase.placed': 'purchaseRows',
  'purchase.confirmed': 'purchaseRows',
  'purchase.cancelled': 'purchaseRows',
  'review.posted': 'reviewRows',
  'price.changed': 'priceRows',
}

function kindOf({ events }: Admitted): keyof RowCounts {
  const type = events[0]?.type
  if (type === undefined) throw new Error('an admitted event has no legs')
  return KINDS[type]
}
