import path from 'node:path'
import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { documentIdOf } from '#server/intake/files/interpret/build-events.ts'
import { compileMapping } from '#server/intake/files/interpret/interpret-row.ts'
import type { RowMapping } from '#server/intake/files/interpret/mapping.ts'
import { type SourceFile, SourceFileError } from '#server/intake/files/read/source-file.ts'
import { readRows, type SourceRow } from '#server/intake/files/read/source-rows.ts'
import type { ReferenceData } from '#server/intake/stores/reference.ts'
import { groupDocuments, readDocuments } from './documents.ts'
import { createFileDeadLetters, type FileDeadLetter, settleRepaired } from './file-dead-letters.ts'
import { createFigureTally } from './loaded-figures.ts'
import { writeRejects } from './rejects-file.ts'
import {
  countRows,
  noteRejected,
  readUnloaded,
  resetStaging,
  type StagingConnection,
  stageRows,
  type UnloadedRow,
} from './staging.ts'
import { type PageResult, type StoreContext, storeDocuments } from './store-documents.ts'
import { type FileSummary, NO_ROWS, unreadFile } from './summary.ts'

/** How far a file is. */
export interface ImportProgress {
  file: string
  rows: number
  documents: number
}

/** What every file is imported with, whatever its mapping. */
export interface ImportContext {
  sql: Sql
  appender: StoreContext['appender']
  reference: ReferenceData
  clock(): Instant
  /** Of the file as it lies there, in hex. */
  sha256: string
  /** Nothing is written, neither to the log nor to reference data. */
  dryRun: boolean
  onProgress(progress: ImportProgress): void
  /** Where the rows that were not loaded are written, should there be any. */
  rejectsPath: string
}

export interface ImportRowsContext extends ImportContext {
  mapping: RowMapping
  staging: StagingConnection
}

/**
 * Imports one file: rows are staged, grouped into documents in SQL, and appended document by document. Doing it
 * twice appends nothing, and after a crash in the middle the second time appends the rest.
 */
export async function importRows(file: SourceFile, context: ImportRowsContext): Promise<FileSummary> {
  try {
    return await load(file, context)
  } catch (error) {
    if (!(error instanceof SourceFileError)) throw error
    // Should the file have failed under an open cursor: the connection goes on to the next file.
    await context.staging.unsafe('rollback')
    return unreadFile(file, error)
  }
}

async function load(file: SourceFile, context: ImportRowsContext): Promise<FileSummary> {
  const { sql, staging, mapping, reference, dryRun, rejectsPath, sha256 } = context
  const { columns, interpret } = compileMapping(mapping, reference.stores)
  await resetStaging(staging)
  const staged = await stageRows(staging, readRows(file, mapping, columns), {
    interpret: row => interpret(row.cells, row.problem),
    onRows: rows => context.onProgress({ file: file.name, rows, documents: 0 }),
  })
  await groupDocuments(staging, { spanMinutes: mapping.documentSpanMinutes })
  const tally = createFigureTally()
  const stored = await storeAll({ ...context, tally }, documents =>
    context.onProgress({ file: file.name, rows: staged.rows, documents }),
  )
  const counts = await countRows(staging)
  const letters = createFileDeadLetters({ file: path.basename(file.path), sha256 })
  const hasUnloaded = counts.rejectedRows + counts.setAsideRows > 0
  if (hasUnloaded) {
    const unloaded = readUnloaded(staging)
    await writeRejects<UnloadedRow>(rejectsPath, {
      file: readRows(file, mapping, columns),
      rejected: unloaded,
      onRow: (row, source) => {
        const letter = deadLetterOfRow(row, source, mapping)
        if (letter) letters.add(letter)
      },
    })
  }
  if (!dryRun) {
    await nameProducts(staging)
    await letters.keep(sql)
    await settleRepaired(sql, mapping.name, path.basename(file.path))
  }
  return {
    ...NO_ROWS,
    file: file.name,
    path: file.path,
    ...staged,
    ...counts,
    ...stored,
    ...tally.figures(),
    rejects: hasUnloaded ? rejectsPath : null,
    error: null,
    changed: false,
  }
}

/** Reads the next page while the one before is appended. */
async function storeAll(
  context: ImportRowsContext & Pick<StoreContext, 'tally'>,
  onDocuments: (documents: number) => void,
): Promise<{ eventsAppended: number; duplicates: number }> {
  const { staging } = context
  const sums = { eventsAppended: 0, duplicates: 0 }
  let documents = 0
  let inFlight: Promise<PageResult> | undefined

  async function finish(): Promise<void> {
    if (!inFlight) return
    const { appended, duplicates, rejected } = await inFlight
    sums.eventsAppended += appended
    sums.duplicates += duplicates
    await noteRejected(staging, rejected)
  }

  for await (const page of readDocuments(staging)) {
    await finish()
    documents += page.length
    onDocuments(documents)
    inFlight = storeDocuments(page, context)
    // Its failure is met by `finish`; until then it is nobody's unhandled one.
    inFlight.catch(() => {})
  }
  await finish()
  return sums
}

/** What the dead letter of a row holds; null when the row is only set back with its document. */
function deadLetterOfRow(
  { row, reason, detail, store, document, own, payload }: UnloadedRow,
  { raw }: SourceRow,
  mapping: RowMapping,
): FileDeadLetter | null {
  if (!own) return null
  return {
    row,
    source: mapping.name,
    eventId: eventIdOf(mapping, store, document),
    store,
    reason,
    detail,
    payload: Buffer.from(payload ?? raw),
  }
}

/** What the event of a row would be called, as far as the row tells. */
function eventIdOf(mapping: RowMapping, store: string | null, document: string | null): string | null {
  return document === null ? null : documentIdOf(mapping, { store: store ?? '?', document })
}

/**
 * Names the products that the staged documents sold or took back: the latest name that is not empty, by the
 * time of the sale. `updated_at` is that time, so that an older file imported later changes no name.
 */
async function nameProducts(connection: StagingConnection): Promise<void> {
  await connection.unsafe(`
    insert into ref.products (sku, name, updated_at)
    select distinct on (s.sku) s.sku, s.product_name, 'epoch'::timestamptz + s.event_time * interval '1 millisecond'
    from staged s
    join documents d on d.store = s.store and d.document = s.document and d.fault is null
    where s.kind in ('o', 'r') and s.product_name is not null
    order by s.sku, s.event_time desc, s.row desc
    on conflict (sku) do update set name = excluded.name, updated_at = excluded.updated_at
    where ref.products.name is null or ref.products.updated_at <= excluded.updated_at`)
}
