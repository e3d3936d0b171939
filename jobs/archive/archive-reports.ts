import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Sql } from '#db/client.ts'
import { type BusinessDay, type DayRange, lastDayOf, periodOf } from '#domain/calendar.ts'
import { ArchiveError, type DayManifest } from '#domain/log-archive.ts'
import { REPORTS, type ReportEntry } from '#domain/reports.ts'
import { openDuckDb } from '#platform/duckdb.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { readIdentity } from '#server/log/archive/archived-days.ts'
import { fetchDay } from '#server/log/archive/contents.ts'
import { readManifests, refuseOtherLog } from '#server/log/archive/log-manifest.ts'
import { inTemporaryFolder } from '#server/log/archive/write-day.ts'
import {
  type ArchiveReport,
  type ReportFiles,
  reportRows,
  reportViews,
  unreadableRows,
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
  const columns = ['store', entry.periodColumn, ...entry.key, ...entry.values]
  const through = offsetsThrough(manifests)
  if (wanted.length === 0) return { columns, rows: [], appendDays: 0, through }
  const rows = await inTemporaryFolder(async folder => {
    const events: string[] = []
    for (const manifest of wanted) events.push(await fetchDay(store, manifest, folder))
    const files = { events, ...range, ...(await writeReference(sql, folder)) }
    const duck = await openDuckDb([folder, store.localFolder(folder)])
    try {
      const [unreadable] = await duck.all<{ rows: bigint }>(unreadableRows(files))
      if (unreadable?.rows !== 0n) {
        throw new ArchiveError(
          `${unreadable?.rows} entries of the archive cannot be read as columns: compute ${report} from the log`,
        )
      }
      await duck.run(reportViews(files))
      return await duck.all<Record<string, string | null>>(reportRows(report, columns))
    } finally {
      duck.close()
    }
  })
  return { columns, rows, appendDays: wanted.length, through }
}

function entryOf(report: ArchiveReport): ReportEntry {
  const entry = REPORTS.find(({ name }) => name === report)
  if (!entry) throw new Error(`${report} is no report`)
  return entry
}

async function writeReference(
  sql: Sql,
  folder: string,
): Promise<Pick<ReportFiles, 'rates' | 'setAside' | 'reportingCurrency'>> {
  const [reporting] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
  const rates = await sql<{ line: string }[]>`
    select concat_ws(',', currency, reporting_currency, valid_from, rate) as line from ref.exchange_rates`
  const setAside = await sql<
    { line: string }[]
  >`select concat_ws(',', partition, "offset") as line from batch.set_aside`
  const files = { rates: path.join(folder, 'rates.csv'), setAside: path.join(folder, 'set-aside.csv') }
  await writeFile(files.rates, rates.map(({ line }) => `${line}\n`).join(''))
  await writeFile(files.setAside, setAside.map(({ line }) => `${line}\n`).join(''))
  return { ...files, reportingCurrency: reporting?.currency ?? '' }
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
