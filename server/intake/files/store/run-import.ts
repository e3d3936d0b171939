import path from 'node:path'
import { connect, type Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { createEventSink, type EventSink } from '#server/intake/append/event-sink.ts'
import type { Mapping } from '#server/intake/files/interpret/mapping.ts'
import { hashFile, type SourceFile, SourceFileError } from '#server/intake/files/read/source-file.ts'
import { loadReference, type ReferenceData } from '#server/intake/reference.ts'
import { bringStores, toStore } from '#server/intake/stores/stores.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { createDryRunSink } from './dry-run-sink.ts'
import { beginFile, finishFile } from './file-ledger.ts'
import { importEvents } from './import-events.ts'
import { type ImportProgress, importFile } from './import-file.ts'
import { markNonStock } from './products.ts'
import type { StagingConnection } from './staging.ts'
import { type FileSummary, type ImportSummary, NO_ROWS, totalOf } from './summary.ts'

export interface ImportOptions {
  /** A migrated database. */
  databaseUrl: string
  files: readonly SourceFile[]
  mapping: Mapping
  /** Says what would happen, and writes nothing but the files of rejects. */
  dryRun?: boolean
  /** Where a file's rows that are not loaded go. */
  rejectsPathOf(file: SourceFile): string
  /** Told now and then how far a file is: rows read, then documents stored. */
  onProgress?(progress: ImportProgress): void
  /** Told of each file when it is done. */
  onFile?(summary: FileSummary): void
  clock?(): Instant
}

/** Imports files one after another, in the order given. */
export async function runImport(options: ImportOptions): Promise<ImportSummary> {
  const { databaseUrl, mapping, dryRun = false } = options
  const sql = connect(databaseUrl, { max: 2, applicationName: 'tillstream import' })
  const appender = connect(databaseUrl, { max: 4, applicationName: 'tillstream import append' })
  const stager = connect(databaseUrl, {
    max: 1,
    applicationName: 'tillstream import staging',
    // Sorting and grouping a large file goes to disk; it should not take the server's memory with it.
    session: { work_mem: '32MB' },
  })
  try {
    const log = createPostgresLog(appender)
    const reference = await prepareReference(sql, mapping, { dryRun, log })
    const sink = dryRun ? createDryRunSink(sql) : await createImportSink(sql, log)
    const staging = await stager.reserve()
    const files: FileSummary[] = []
    try {
      for (const file of options.files) {
        const summary = await importOne(file, { options, sql, staging, sink, reference })
        files.push(summary)
        options.onFile?.(summary)
      }
    } finally {
      staging.release()
    }
    return { mapping: mapping.name, dryRun, files, total: totalOf(files) }
  } finally {
    await Promise.all([sql, appender, stager].map(client => client.end({ timeout: 1 })))
  }
}

async function prepareReference(
  sql: Sql,
  mapping: Mapping,
  { dryRun, log }: { dryRun: boolean; log: OrderLog },
): Promise<ReferenceData> {
  const nonStock = mapping.kind === 'events' ? [] : mapping.nonStockSkus
  if (!dryRun) {
    await bringStores(sql, mapping.stores)
    await markNonStock(sql, nonStock)
    return loadReference(sql)
  }
  const { stores, nonStockSkus } = await loadReference(sql)
  const partitionCount = await log.partitionCount()
  return {
    stores: new Map([
      ...mapping.stores.map(store => [store.id, toStore(store, partitionCount)] as const),
      ...stores,
    ]),
    nonStockSkus: new Set([...nonStockSkus, ...nonStock]),
  }
}

/** Events of one append: with the lines of large documents, a few MB. */
const MAX_BATCH = { events: 1_000, bytes: Number.POSITIVE_INFINITY }
/** Pages come one at a time: nothing piles up that would need a bound. */
const UNBOUNDED = { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

async function createImportSink(sql: Sql, log: OrderLog): Promise<EventSink> {
  await ensureLogDays(sql)
  return createEventSink({
    log,
    partitionCount: await log.partitionCount(),
    maxBatch: MAX_BATCH,
    maxPending: UNBOUNDED,
    onAppended: () => {},
  })
}

async function importOne(
  file: SourceFile,
  {
    options,
    sql,
    staging,
    sink,
    reference,
  }: {
    options: ImportOptions
    sql: Sql
    staging: StagingConnection
    sink: Pick<EventSink, 'store'>
    reference: ReferenceData
  },
): Promise<FileSummary> {
  const { mapping, dryRun = false, clock = Date.now } = options
  let sha256: string
  try {
    sha256 = await hashFile(file)
  } catch (error) {
    if (!(error instanceof SourceFileError)) throw error
    return { ...NO_ROWS, file: file.name, path: file.path, rejects: null, error: error.message }
  }
  const context = {
    sql,
    staging,
    sink,
    reference,
    sha256,
    dryRun,
    clock,
    onProgress: options.onProgress ?? (() => {}),
    rejectsPath: options.rejectsPathOf(file),
  }
  const load = () =>
    mapping.kind === 'events'
      ? importEvents(file, { ...context, mapping })
      : importFile(file, { ...context, mapping })
  if (dryRun) return load()
  const row = await beginFile(sql, { mapping: mapping.name, name: path.basename(file.path), sha256 })
  const summary = await load()
  await finishFile(sql, row, summary)
  return summary
}
