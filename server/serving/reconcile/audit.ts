import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import { REPORTS, type ReportEntry } from '#domain/reports.ts'
import { inStores } from '#server/serving/scope.ts'
import { auditEpisodes } from './audit-episodes.ts'
import { auditDailyInventory, auditInventoryChain, auditMonthlyInventory } from './audit-inventory.ts'
import { auditPanes, auditSessions } from './audit-metrics.ts'
import { auditDailyReviews, auditMonthlyCategorySales, auditMonthlyTenders } from './audit-other-reports.ts'
import { auditPeriodCustomers, auditPeriodSums } from './audit-periods.ts'
import { auditPrices } from './audit-prices.ts'
import { auditConvertedPeriods, auditRates } from './audit-reporting-currency.ts'
import { auditRestatements } from './audit-restatements.ts'
import { auditDailyProductSales, auditDailySales, auditHourlySales } from './audit-sales-reports.ts'
import { auditPurchases, auditStock, auditTransfers } from './audit-stock.ts'
import { auditLateness, auditWindows } from './audit-windows.ts'
import type { AuditScope, FoundRow } from './findings.ts'
import type { LogReach } from './log-reach.ts'
import { auditReDerived } from './re-derive.ts'

type Audit = (reading: Reading, scope: AuditScope, generation: number) => Promise<FoundRow[]>

/** What follows from all of the log, whatever the days: states of now, and lateness, which is judged from the start on. */
const AGAINST_THE_WHOLE_LOG: readonly Audit[] = [
  auditLateness,
  auditStock,
  auditPurchases,
  auditTransfers,
  auditEpisodes,
  auditPanes,
  auditSessions,
  auditPrices,
]
/** Those that take longest first, so that several readers end at about the same time. */
const AGAINST_THE_LOG: readonly Audit[] = [
  auditReDerived,
  auditLateness,
  auditStock,
  auditDailyInventory,
  auditDailyProductSales,
  auditWindows,
  auditMonthlyTenders,
  auditPeriodCustomers,
  auditHourlySales,
  auditDailySales,
  auditDailyReviews,
  auditPurchases,
  auditTransfers,
  auditEpisodes,
  auditPanes,
  auditSessions,
  auditRestatements,
  auditRates,
  auditPrices,
]
/** Of a generation of the stream's: those of each that gives an answer. The rest is of the log or of reports. */
const OF_A_GENERATION: readonly Audit[] = [
  auditLateness,
  auditStock,
  auditWindows,
  auditPurchases,
  auditEpisodes,
  auditPanes,
  auditSessions,
]
const AGAINST_OTHER_REPORTS: readonly Audit[] = [
  auditMonthlyInventory,
  auditInventoryChain,
  auditPeriodSums,
  auditConvertedPeriods,
  auditMonthlyCategorySales,
]

/** Last comes first: those of most rows, so that several readers end at about the same time. */
const LARGEST: readonly string[] = ['daily_product_sales', 'daily_inventory']
const BY_SIZE = REPORTS.toSorted((one, other) => LARGEST.indexOf(other.name) - LARGEST.indexOf(one.name))

/**
 * The rows of every run of a report against the checksum it took of them: whatever was changed since, also in
 * columns that no other audit can work out again. Names the store and period; the others name the row.
 */
const CHECKSUM_AUDITS = BY_SIZE.map(
  report => (reading: Reading, scope: AuditScope) => auditChecksums(reading, scope, report),
)

async function auditChecksums(
  reading: Reading,
  scope: AuditScope,
  { name: job, grain, periodColumn: period, key, values }: ReportEntry,
): Promise<FoundRow[]> {
  const rows = await reading<{ store: string; period: string }[]>`
    with runs as (
      select r.store, r.period, r.checksum from batch.current_runs r
      where r.job = ${job} and r.period <= ${scope.to}
        and r.period >= date_trunc(${grain}, ${scope.from}::date)::date
        ${inStores(reading, scope, 'r.store')}
    ),
    lines as (
      select t.store, t.${reading(period)} as period, (${reading([...key, ...values])})::text as line
      from ${reading(`batch.${job}`)} t join runs r on r.store = t.store and r.period = t.${reading(period)}
    ),
    sums as (
      select store, period, md5(string_agg(line, chr(10) order by line collate "C")) as checksum
      from lines group by store, period
    )
    select r.store, r.period from runs r left join sums s on s.store = r.store and s.period = r.period
    where coalesce(s.checksum, md5('')) <> r.checksum
    order by r.period, r.store`
  return rows.map(({ store, period: start }) => ({
    kind: 'audit row',
    path: 'batch',
    relation: `batch.${job}`,
    rowKey: { store, [period]: start },
    metric: 'checksum',
    stored: null,
    expected: null,
    detail: null,
  }))
}

/** Does what it is given on each reader of one snapshot. */
export type Share = (work: SharedWork) => Promise<void>

/**
 * Holds every live and report row of the scope against the log at the offsets the row stands on, and names
 * those that differ. Stock and alerts are states of now: they are audited whatever the days.
 * @param given.others generations that give an answer beside the active one: their rows are audited as its are
 */
export async function audit(
  share: Share,
  scope: AuditScope,
  { generation, others, reach }: { generation: number; others: readonly number[]; reach: LogReach },
): Promise<FoundRow[]> {
  const againstTheLog = auditsWithin(reach)
  const ofOthers = others.flatMap(other =>
    againstTheLog.filter(one => OF_A_GENERATION.includes(one)).map(one => ofFurther(one, other)),
  )
  const found = await runAudits(
    [...againstTheLog, ...ofOthers, ...CHECKSUM_AUDITS, ...AGAINST_OTHER_REPORTS],
    share,
    scope,
    generation,
  )
  const foundBy = (group: readonly Audit[]) => group.flatMap(one => found.get(one) ?? [])
  return weighFindings({
    direct: [...foundBy(AGAINST_THE_LOG), ...foundBy(ofOthers)],
    derived: foundBy(AGAINST_OTHER_REPORTS),
    checksums: foundBy(CHECKSUM_AUDITS),
  })
}

/** The same audit of a further answer, whose rows say of which generation they are. */
function ofFurther(audit: Audit, generation: number): Audit {
  return async (reading, scope) =>
    (await audit(reading, scope, generation)).map(row => ({ ...row, rowKey: { generation, ...row.rowKey } }))
}

/** What can be held against as much of the log as there is. */
function auditsWithin(reach: LogReach): readonly Audit[] {
  switch (reach) {
    case 'whole':
      return AGAINST_THE_LOG
    case 'scope':
      return AGAINST_THE_LOG.filter(audit => !AGAINST_THE_WHOLE_LOG.includes(audit))
    case 'none':
      return []
  }
}

/** Whether every report's rows are those that its runs took their checksums of. */
export async function areAsWritten(share: Share, scope: AuditScope, generation: number): Promise<boolean> {
  const found = await runAudits(CHECKSUM_AUDITS, share, scope, generation)
  return [...found.values()].every(rows => rows.length === 0)
}

/** The readers take the audits from one list. */
async function runAudits(
  audits: readonly Audit[],
  share: Share,
  scope: AuditScope,
  generation: number,
): Promise<Map<Audit, FoundRow[]>> {
  const waiting = [...audits]
  const found = new Map<Audit, FoundRow[]>()
  await share(async (reading, stop) => {
    for (let next = waiting.shift(); next && !stop.aborted; next = waiting.shift()) {
      found.set(next, await next(reading, scope, generation))
    }
  })
  return found
}

/** Reports whose rows are held against other reports' rows, and not against the log itself. */
const COMPUTED_FROM: Readonly<Record<string, string>> = {
  'batch.weekly_sales': 'batch.daily_sales',
  'batch.monthly_sales': 'batch.daily_sales',
  'batch.monthly_product_sales': 'batch.daily_product_sales',
  'batch.monthly_category_sales': 'batch.monthly_product_sales',
  'batch.monthly_inventory': 'batch.daily_inventory',
  'batch.daily_inventory': 'batch.daily_inventory',
}

interface Findings {
  /** Rows held against the log, or against themselves. */
  direct: readonly FoundRow[]
  /** Rows held against the report they are computed from. */
  derived: readonly FoundRow[]
  /** Periods whose rows are not those their run took the checksum of. */
  checksums: readonly FoundRow[]
}

/**
 * Leaves out what only follows from another finding: a row whose own period is as its run left it, held
 * against one that was changed since, is right and the other is wrong; and a checksum says nothing where a
 * row of its period is named.
 */
export function weighFindings({ direct, derived, checksums }: Findings): FoundRow[] {
  const changed = new Set(checksums.map(periodKey))
  const changedReports = new Set(checksums.map(reportKey))
  const blamed = derived.filter(row => {
    const base = COMPUTED_FROM[row.relation]
    return (
      changed.has(periodKey(row)) ||
      base === undefined ||
      !changedReports.has(reportKey({ ...row, relation: base }))
    )
  })
  const named = [...direct, ...blamed]
  const namedPeriods = new Set(named.map(periodKey))
  return [...named, ...checksums.filter(row => !namedPeriods.has(periodKey(row)))]
}

function reportKey({ relation, rowKey }: Pick<FoundRow, 'relation' | 'rowKey'>): string {
  return `${relation} ${rowKey.store}`
}

function periodKey(row: FoundRow): string {
  const { business_day: day, week, month } = row.rowKey
  return `${reportKey(row)} ${day ?? week ?? month}`
}

/** @param stop fires when another reader's part has failed: what is done from then on is thrown away */
type SharedWork = (reading: Reading, stop: AbortSignal) => Promise<void>

/**
 * Does work that can be shared on this reader and, at the same time, on other connections of the client that
 * read the same snapshot. Who gets no connection is not waited for: a client of one connection, or one that
 * others use, does all of it here, only later.
 *
 * @param reading inside a repeatable read transaction
 * @param readers how many at most, this one included
 * @param prepare what is done first on each of the others
 */
export async function shareSnapshot(
  { sql, reading, readers }: { sql: Sql; reading: Reading; readers: number },
  { prepare, work }: { prepare: (reading: Reading) => Promise<void>; work: SharedWork },
): Promise<void> {
  const [exported] = await reading<{ snapshot: string }[]>`select pg_export_snapshot() as snapshot`
  const others: Promise<void>[] = []
  const failed = new AbortController()
  const workOn = async (reader: Reading): Promise<void> => {
    try {
      await work(reader, failed.signal)
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  let isOver = false
  const join = async (other: Reading): Promise<void> => {
    // It came free when nothing was left to do, and the snapshot may be gone.
    if (isOver) return
    const working = (async () => {
      await other.unsafe(`set transaction snapshot '${exported?.snapshot}'`)
      await prepare(other)
      await workOn(other)
    })()
    others.push(working)
    await working
  }
  for (let count = 1; count < Math.min(readers, sql.options.max); count += 1) {
    // How the work of one that joined ended is awaited below; one that never joined took nothing on.
    sql.begin('isolation level repeatable read read only', join).catch(() => {})
  }
  try {
    await workOn(reading)
  } finally {
    isOver = true
    await Promise.allSettled(others)
  }
  await Promise.all(others)
}
