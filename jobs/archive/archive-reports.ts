import type { Sql } from '#db/client.ts'
import { type BusinessDay, type DayRange, lastDayOf, periodOf } from '#domain/calendar.ts'
import { ArchiveError, type DayManifest } from '#domain/log-archive.ts'
import { REPORTS, type ReportEntry } from '#domain/reports.ts'
import { type DuckDb, openDuckDb } from '#platform/duckdb.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { readIdentity } from '#server/log/archive/archived-days.ts'
import { fetchDay, fetchLines } from '#server/log/archive/contents.ts'
import { unreadableSales } from '#server/log/archive/lines.ts'
import { readManifests, refuseOtherLog } from '#server/log/archive/log-manifest.ts'
import { inTemporaryFolder } from '#server/log/archive/write-day.ts'
import { loadReference } from './report-reference.ts'
import {
  type ArchiveReport,
  type ReportFiles,
  reportRows,
  reportViews,
  sourceOf,
} from './report-statements.ts'

/** A report as the archive has it: texts by column, null where something is not known. */
export interface ComputedReport {
  columns: string[]
  rows: Record<string, string | null>[]
  /** What it was computed from: append days, and offsets by partition up to which the archive holds everything. */
  appendDays: number
  through: Record<number, number>
}

/**
 * Computes a report for business days, whole months of them where it is one of months, from the archive alone; rates and
 * what was set aside come from the database.
 * @throws ArchiveError where the archive is of another log, not whole, or not what it should be
 */
export async function computeFromArchive(
  sql: Sql,
  store: ArchiveStore,
  { report, from, to }: DayRange & { report: ArchiveReport },
): Promise<ComputedReport> {
  const entry = entryOf(report)
  const manifests = await readManifests(store)
  const identity = await readIdentity(sql)
  for (const { log, appendDay } of manifests) refuseOtherLog(log, identity.log, `append day ${appendDay}`)
  const range = { from: periodOf(entry.grain, from), to: lastDayOf(entry.grain, periodOf(entry.grain, to)) }
  const wanted = manifests.filter(
    ({ businessDays }) => businessDays && businessDays.first <= range.to && businessDays.last >= range.from,
  )
  const keys = ['store', entry.periodColumn, ...entry.key]
  const columns = [...keys, ...entry.values]
  const through = offsetsThrough(manifests)
  if (wanted.length === 0) return { columns, rows: [], appendDays: 0, through }
  const rows = await inTemporaryFolder(async folder => {
    const files = await fetchFiles(sql, store, { report, wanted, folder })
    const duck = await openDuckDb([folder, store.localFolder(folder)])
    try {
      await refuseUnreadable(duck, report, files.events)
      const names = [
        ...(files.events.length > 0 ? (['set_aside'] as const) : []),
        ...sourceOf(report).references,
      ]
      await loadReference(duck, { sql, names, range, folder })
      await duck.run(
        reportViews(report, { ...files, ...range, reportingCurrency: await readReportingCurrency(sql) }),
      )
      return await duck.all<Record<string, string | null>>(reportRows(report, { columns, keys }))
    } finally {
      duck.close()
    }
  })
  return { columns, rows, appendDays: wanted.length, through }
}

/**
 * The files a report adds up: a day's lines, if that is what it asks for and the day has them; else its events. A day of
 * which an event was set aside is read by its events, for lines do not say of which event they are.
 */
async function fetchFiles(
  sql: Sql,
  store: ArchiveStore,
  { report, wanted, folder }: { report: ArchiveReport; wanted: readonly DayManifest[]; folder: string },
): Promise<Pick<ReportFiles, 'events' | 'lines'>> {
  const files = { events: [] as string[], lines: [] as string[] }
  const setAside =
    sourceOf(report).reads === 'lines'
      ? await sql<{ partition: number; offset: number }[]>`select partition, "offset" from batch.set_aside`
      : []
  for (const manifest of wanted) {
    const isWhole = !setAside.some(({ partition, offset }) =>
      manifest.partitions.some(
        own => own.partition === partition && own.firstOffset <= offset && offset <= own.lastOffset,
      ),
    )
    const byLines = sourceOf(report).reads === 'lines' && isWhole
    const lines = byLines ? await fetchLines(store, manifest, folder) : null
    if (lines !== null) files.lines.push(lines)
    else files.events.push(await fetchDay(store, manifest, folder))
  }
  return files
}

/** @throws ArchiveError where columns of events do not hold a sale that a path counts */
async function refuseUnreadable(
  duck: DuckDb,
  report: ArchiveReport,
  events: readonly string[],
): Promise<void> {
  if (events.length === 0) return
  const [unreadable] = await duck.all<{ rows: bigint }>(unreadableSales(events))
  if (unreadable?.rows === 0n) return
  throw new ArchiveError(
    `${unreadable?.rows} entries of the archive cannot be read as columns: compute ${report} from the log`,
  )
}

async function readReportingCurrency(sql: Sql): Promise<string> {
  const [reporting] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
  return reporting?.currency ?? ''
}

function entryOf(report: ArchiveReport): ReportEntry {
  const entry = REPORTS.find(({ name }) => name === report)
  if (!entry) throw new Error(`${report} is no report`)
  return entry
}

function offsetsThrough(manifests: readonly DayManifest[]): Record<number, number> {
  const through: Record<number, number> = {}
  for (const { partitions } of manifests)
    for (const { partition, lastOffset } of partitions) through[partition] = lastOffset
  return through
}

/** What the reports of the batch path say otherwise than the archive. */
export interface ReportComparison {
  compared: number
  /** Rows of one side that the other lacks, or has other figures for. */
  differing: { batch: string | null; archive: string | null }[]
  /** Periods that the archive does not hold whole yet: they are not compared. */
  incomplete: number
}

/** Holds a report from the archive against the batch path's rows of the same days, one by one, of periods that are archived whole. */
export async function compareWithReports(
  sql: Sql,
  computed: ComputedReport,
  { report, from, to }: { report: ArchiveReport; from: BusinessDay; to: BusinessDay },
): Promise<ReportComparison> {
  const { grain, periodColumn } = entryOf(report)
  const [first, last] = [periodOf(grain, from), periodOf(grain, to)]
  const periods = await sql<{ store: string; period: BusinessDay; isWhole: boolean }[]>`
    select store, date_trunc(${grain}, business_day)::date as period,
      bool_and(append_days <@ array(select append_day from log.archived_days)) as "isWhole"
    from batch.day_head
    where date_trunc(${grain}, business_day)::date between ${first} and ${last}
    group by 1, 2`
  const whole = new Set(
    periods.filter(({ isWhole }) => isWhole).map(({ store, period }) => `${store} ${period}`),
  )
  const stored = await sql<Record<string, string | null>[]>`
    select ${computed.columns.map(column => sql`${sql(column)}::text as ${sql(column)}`).reduce((all, one) => sql`${all}, ${one}`)}
    from ${sql(`batch.${report}`)} where ${sql(periodColumn)} between ${first} and ${last}`
  const lineOf = (row: Record<string, string | null>) =>
    JSON.stringify(computed.columns.map(column => row[column] ?? null))
  const isWhole = (row: Record<string, string | null>) => whole.has(`${row.store} ${row[periodColumn]}`)
  const batch = stored.filter(isWhole).map(lineOf)
  const archive = computed.rows.filter(isWhole).map(lineOf)
  const [ofBatch, ofArchive] = [new Set(batch), new Set(archive)]
  return {
    compared: batch.length,
    differing: [
      ...batch.filter(line => !ofArchive.has(line)).map(line => ({ batch: line, archive: null })),
      ...archive.filter(line => !ofBatch.has(line)).map(line => ({ batch: null, archive: line })),
    ],
    incomplete: periods.length - whole.size,
  }
}
