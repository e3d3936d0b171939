import path from 'node:path'
import { type EventType, explainType, type Rejection } from '#domain/event.ts'
import { type Admission, admitEvent } from '#server/intake/admit.ts'
import { storeAdmitted } from '#server/intake/append/store-admitted.ts'
import { textField } from '#server/intake/dead-letters.ts'
import { decodeLine, type Entry, invalidLine } from '#server/intake/decode-line.ts'
import type { EventsMapping } from '#server/intake/files/interpret/mapping.ts'
import { type EventLine, type EventPage, readEventPages } from '#server/intake/files/read/event-lines.ts'
import { readBytes, type SourceFile, SourceFileError } from '#server/intake/files/read/source-file.ts'
import { createFileLetters, type FileLetters, type OpenLetters, readOpenLetters } from './file-letters.ts'
import type { ImportContext } from './import-file.ts'
import { createRejectsFile, type RejectsFile, type UnloadedLine } from './rejects-file.ts'
import { type FileSummary, NO_ROWS, type RowCounts } from './summary.ts'

export interface ImportEventsContext extends ImportContext {
  mapping: EventsMapping
}

/** As for a request: an event that is longer is none. */
const LIMITS = { lines: 1_000, bytes: 1_048_576, line: 1_048_576 }

/** Of the file of rejects: the line is the row. */
const COLUMNS = ['json']

/**
 * Imports a file whose lines are events as POST /api/v1/events takes them, in the order of the file and in constant
 * memory. Each line stands for itself: one that is refused keeps no other back. Doing it twice appends nothing, and
 * after a crash in the middle the second time appends the rest.
 */
export async function importEvents(file: SourceFile, context: ImportEventsContext): Promise<FileSummary> {
  const name = path.basename(file.path)
  const counts: RowCounts = { ...NO_ROWS }
  const rejects = createRejectsFile(context.rejectsPath)
  const letters = createFileLetters({ file: name, sha256: context.sha256 })
  const openLetters = await readOpenLetters(context.sql, name)
  let error: string | null = null
  try {
    await loadPages(file, { ...context, counts, rejects, letters, openLetters })
  } catch (cause) {
    // What came before the fault is loaded, and is recognised when the whole file comes.
    if (!(cause instanceof SourceFileError)) throw cause
    error = cause.message
  } finally {
    await rejects.close()
  }
  if (!context.dryRun) {
    await letters.keep(context.sql)
    await openLetters.settle(context.sql)
  }
  const hasRejects = counts.rejectedRows > 0
  return {
    file: file.name,
    path: file.path,
    ...counts,
    rejects: hasRejects ? context.rejectsPath : null,
    error,
  }
}

interface Loading extends ImportEventsContext {
  counts: RowCounts
  rejects: RejectsFile
  letters: FileLetters
  openLetters: OpenLetters
}

/** Reads and judges the next page while the one before is appended. */
async function loadPages(file: SourceFile, loading: Loading): Promise<void> {
  const { counts, onProgress } = loading
  let inFlight: Promise<void> | undefined
  try {
    for await (const page of readEventPages(readBytes(file), LIMITS)) {
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

interface JudgedPage {
  lines: readonly EventLine[]
  entries: Entry[]
  admissions: Admission[]
  bytes: number
}

function judgePage({ lines, bytes }: EventPage, loading: Loading): JudgedPage {
  const entries = lines.map(decode)
  return { lines, bytes, entries, admissions: entries.map(entry => admit(entry, loading)) }
}

function decode({ bytes, isTooLong }: EventLine): Entry {
  return isTooLong ? invalidLine(`the line is longer than ${LIMITS.line} bytes`) : decodeLine(bytes)
}

function admit(entry: Entry, { mapping, reference, clock }: Loading): Admission {
  if ('rejection' in entry) return { kind: 'rejected', rejection: entry.rejection }
  const admission = admitEvent(entry.value, { reference, now: clock(), class: 'bulk' })
  if (admission.kind === 'rejected') return admission
  const type = admission.events[0]?.type
  if (!mapping.types || mapping.types.some(allowed => allowed === type)) return admission
  const detail = `${explainType(type, mapping.types)} under the mapping ${mapping.name}`
  return { kind: 'rejected', rejection: { reason: 'unknown_type', detail } }
}

async function storePage(
  { lines, entries, admissions, bytes }: JudgedPage,
  { counts, letters, openLetters, rejects, sink }: Loading,
): Promise<void> {
  const outcomes = await storeAdmitted(admissions, bytes, sink)
  const unloaded: UnloadedLine[] = []
  for (const [index, source] of lines.entries()) {
    const entry = entries[index]
    const outcome = outcomes[index]
    const admission = admissions[index]
    if (!entry || !outcome || !admission) throw new Error(`line ${source.line} has no outcome`)
    if (typeof outcome === 'object') {
      counts.rejectedRows += 1
      letters.add(letterOf(entry, source, outcome))
      unloaded.push({
        row: source.line,
        line: source.line,
        ...outcome,
        fields: [source.bytes.toString('utf8')],
      })
      continue
    }
    if (admission.kind === 'rejected')
      throw new Error(`line ${source.line} was stored without being admitted`)
    counts[kindOf(admission)] += 1
    if (outcome === 'duplicate') counts.duplicates += 1
    else {
      counts.eventsAppended += 1
      openLetters.meet(...nameOf(entry))
    }
  }
  await rejects.write(COLUMNS, unloaded)
}

function nameOf(entry: Entry): [source: string, id: string] {
  const value = 'value' in entry ? entry.value : null
  return [textField(value, 'source') ?? '', textField(value, 'id') ?? '']
}

function letterOf(entry: Entry, { line, bytes }: EventLine, { reason, detail }: Rejection) {
  const value = 'value' in entry ? entry.value : null
  return {
    row: line,
    source: textField(value, 'source'),
    eventId: textField(value, 'id'),
    store: textField(value, 'store'),
    reason,
    detail,
    payload: bytes,
  }
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
  'purchase.cancelled': 'purchaseRows',
  'review.posted': 'reviewRows',
}

function kindOf({ events }: Extract<Admission, { kind: 'admitted' }>): keyof RowCounts {
  const type = events[0]?.type
  if (type === undefined) throw new Error('an admitted event has no legs')
  return KINDS[type]
}
