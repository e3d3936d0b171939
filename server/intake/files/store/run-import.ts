import path from 'node:path'
import type { ReservedSql } from 'postgres'
import { connect, type Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { type Appender, conflictOf, createAppender } from '#server/intake/append/appender.ts'
import type { Mapping } from '#server/intake/files/interpret/mapping.ts'
import { identifyFile, type SourceFile, SourceFileError } from '#server/intake/files/read/source-file.ts'
import type { Outcome } from '#server/intake/outcome.ts'
import { loadReference, type ReferenceData } from '#server/intake/stores/reference.ts'
import { bringStores, toStore } from '#server/intake/stores/stores.ts'
import { type OpenLog, openOrderLog } from '#server/log/open-log.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import { beginFile, finishFile } from './file-ledger.ts'
import { importEvents } from './import-events.ts'
import { type ImportProgress, importRows } from './import-rows.ts'
import type { StagingConnection } from './staging.ts'
import { type FileSummary, type ImportSummary, totalOf, unreadFile } from './summary.ts'

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
  const appending = connect(databaseUrl, { max: 4, applicationName: 'tillstream import append' })
  const stager = connect(databaseUrl, {
    max: 1,
    applicationName: 'tillstream import staging',
    // Sorting and grouping a large file goes to disk; it should not take the server's memory with it.
    session: { work_mem: '32MB' },
  })
  let log: OpenLog | undefined
  try {
    log = await openOrderLog(appending)
    const reference = await prepareReference(sql, mapping, { dryRun, log })
    const keys = dryRun ? await createKeysConnection(appending) : null
    const appender = keys ? createDryRun(keys) : await createImportAppender(sql, log)
    const staging = await stager.reserve()
    const files: FileSummary[] = []
    try {
      for (const file of options.files) {
        const summary = await importOne(file, { options, sql, staging, appender, reference })
        files.push(summary)
        options.onFile?.(summary)
      }
    } finally {
      staging.release()
      keys?.release()
    }
    return { mapping: mapping.name, dryRun, files, total: totalOf(files) }
  } finally {
    await log?.close()
    await Promise.all([sql, appending, stager].map(client => client.end({ timeout: 1 })))
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
  const { revision, stores, nonStockSkus } = await loadReference(sql)
  const partitionCount = await log.partitionCount()
  return {
    revision,
    stores: new Map([
      ...mapping.stores.map(store => [store.id, toStore(store, partitionCount)] as const),
      ...stores,
    ]),
    nonStockSkus: new Set([...nonStockSkus, ...nonStock]),
  }
}

/** Marks codes that are no merchandise, before events are enriched: their lines move no stock. */
async function markNonStock(sql: Sql, skus: readonly string[]): Promise<void> {
  if (skus.length === 0) return
  await sql`
    insert into ref.products (sku, holds_stock)
    select sku, false from unnest(${[...skus].sort()}::text[]) as sku
    on conflict (sku) do update set holds_stock = false where ref.products.holds_stock`
}

/** Events of one append: with the lines of large documents, a few MB. */
const MAX_BATCH = { events: 1_000, bytes: Number.POSITIVE_INFINITY }
/** Pages come one at a time: nothing piles up that would need a bound. */
const UNBOUNDED = { events: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

async function createImportAppender(sql: Sql, log: OrderLog): Promise<Appender> {
  await ensureLogDays(sql)
  return createAppender({
    log,
    partitionCount: await log.partitionCount(),
    maxBatch: MAX_BATCH,
    maxPending: UNBOUNDED,
    onAppended: () => {},
    newestReference: () => loadReference(sql),
  })
}

async function createKeysConnection(sql: Sql): Promise<ReservedSql> {
  const connection = await sql.reserve()
  await connection.unsafe(`
    create temp table met_keys (source text, id text, body_hash uuid not null, primary key (source, id))`)
  return connection
}

/**
 * Says what appending would do, by a look at the keys the log knows and at those met before in this run: what lies in
 * two files is new once. Writes nothing but a temporary table of keys.
 */
function createDryRun(connection: ReservedSql): Pick<Appender, 'append'> {
  return {
    async append(admissions) {
      const heads = admissions.map(admission =>
        admission.kind === 'admitted' ? admission.events[0] : undefined,
      )
      const rows = await connection.unsafe<{ same: boolean | null }[]>(
        `with given as materialized (
           select * from unnest($1::text[], $2::text[], $3::uuid[]) with ordinality as e(source, id, body_hash, place)
         ), firsts as (
           select distinct on (source, id) * from given where source is not null order by source, id, place
         ), noted as (
           insert into met_keys (source, id, body_hash) select source, id, body_hash from firsts on conflict do nothing
         )
         select coalesce(k.body_hash, m.body_hash, case when f.place < g.place then f.body_hash end) = g.body_hash as same
         from given g
         left join log.event_keys k on k.source = g.source and k.id = g.id
         left join met_keys m on m.source = g.source and m.id = g.id
         left join firsts f on f.source = g.source and f.id = g.id
         order by g.place`,
        [
          heads.map(event => event?.source ?? null),
          heads.map(event => event?.id ?? null),
          heads.map(event => event?.bodyHash ?? null),
        ],
      )
      return admissions.map((admission, index): Outcome => {
        if (admission.kind !== 'admitted') return admission
        const same = rows[index]?.same ?? null
        if (same === null) return { kind: 'appended', entries: [] }
        return same
          ? { kind: 'duplicate' }
          : { kind: 'conflict', rejection: conflictOf(heads[index]?.source ?? '') }
      })
    },
  }
}

async function importOne(
  given: SourceFile,
  {
    options,
    sql,
    staging,
    appender,
    reference,
  }: {
    options: ImportOptions
    sql: Sql
    staging: StagingConnection
    appender: Pick<Appender, 'append'>
    reference: ReferenceData
  },
): Promise<FileSummary> {
  const { mapping, dryRun = false, clock = Date.now } = options
  let identified: Awaited<ReturnType<typeof identifyFile>>
  try {
    identified = await identifyFile(given)
  } catch (error) {
    if (!(error instanceof SourceFileError)) throw error
    return unreadFile(given, error)
  }
  const { file, sha256 } = identified
  const context = {
    sql,
    staging,
    appender,
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
      : importRows(file, { ...context, mapping })
  if (dryRun) return load()
  const row = await beginFile(sql, { mapping: mapping.name, name: path.basename(file.path), sha256 })
  const summary = await load()
  await finishFile(sql, row, summary)
  return summary
}
