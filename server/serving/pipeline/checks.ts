import { desc, drizzle, lt } from '#db/drizzle.ts'
import { findings } from '#db/schema.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { addDays, type BusinessDay, type DayRange } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import type { FoundRow } from '#server/serving/reconcile/findings.ts'
import type { Serving } from '#server/serving/serving.ts'

interface ReconciliationRun {
  runId: number
  state: 'running' | 'succeeded' | 'failed' | 'abandoned'
  trigger: 'schedule' | 'manual' | 'backfill' | 'request'
  startedAt: Instant
  finishedAt: Instant | null
  /** For people: what was asked, or what had changed. */
  reason: string | null
  error: string | null
  /** Figures of its range that no later run has compared again; null when none is left. */
  standing: Compared | null
  findings: number
}

/** Figures held against each other: store-days times currencies times metrics. */
interface Compared {
  from: BusinessDay
  to: BusinessDay
  figures: number
  /** The paths differ. */
  differing: number
  /** They differ, and every bit has its cause. */
  explained: number
  unexplained: number
}

interface Reconciliations {
  now: Instant
  /** All figures as they were last compared; null before the first run. */
  total: Compared | null
  /** Newest first. */
  runs: ReconciliationRun[]
}

const SHOWN_RUNS = 25

type ComparedRow = Omit<Compared, 'explained'> & { runId: number }

/** The last reconciliations, and what they found. */
export async function readReconciliations({ sql }: Pick<Serving, 'sql'>): Promise<Reconciliations> {
  const [runs, compared, findings, [clock]] = await Promise.all([
    sql<Omit<ReconciliationRun, 'standing' | 'findings'>[]>`
      select run_id as "runId", state, trigger, started_at as "startedAt", finished_at as "finishedAt", reason, error
      from batch.runs where job = 'reconciliation' order by run_id desc limit ${SHOWN_RUNS}`,
    sql<ComparedRow[]>`
      select run_id as "runId", min(business_day) as "from", max(business_day) as "to", count(*) as figures,
        count(*) filter (where stream <> batch) as differing, count(*) filter (where unexplained <> 0) as unexplained
      from recon.reconciliation group by run_id`,
    sql<{ runId: number; findings: number }[]>`
      select run_id as "runId", count(*) as findings from recon.findings group by run_id`,
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  const comparedBy = new Map(compared.map(row => [row.runId, row]))
  const findingsBy = new Map(findings.map(row => [row.runId, row.findings]))
  return {
    now: clock?.now ?? 0,
    total: sumOf(compared),
    runs: runs.map(run => ({
      ...run,
      standing: sumOf([comparedBy.get(run.runId)].flatMap(row => row ?? [])),
      findings: findingsBy.get(run.runId) ?? 0,
    })),
  }
}

function sumOf(rows: readonly ComparedRow[]): Compared | null {
  const [first] = rows
  if (!first) return null
  const total = { from: first.from, to: first.to, figures: 0, differing: 0, explained: 0, unexplained: 0 }
  for (const { from, to, figures, differing, unexplained } of rows) {
    if (from < total.from) total.from = from
    if (to > total.to) total.to = to
    total.figures += figures
    total.differing += differing
    total.unexplained += unexplained
    total.explained += Math.max(0, differing - unexplained)
  }
  return total
}

/** open: the day goes on, so its tills have not reported yet. */
type CompletenessState = 'complete' | 'missing' | 'different' | 'awaiting journal' | 'open'

/** A register's own total of a day (Z report) against the log. */
interface RegisterDay {
  register: string
  businessDay: BusinessDay
  state: CompletenessState
  currency: string | null
  /** Null: no Z report. */
  zOrders: number | null
  zNet: string | null
  logOrders: number
  logNet: string
  /** What the till says it took in, beside what was counted: of cash the cash itself, else the log's documents. */
  tenders: TenderCount[]
  /** Printed by the till, and not in the log. */
  missingReceipts: string[]
  runId: number
}

interface TenderCount {
  tender: string
  declared: string
  /** Null: some documents name no means of payment. */
  counted: string | null
  /** counted − declared: over where positive, short where negative. */
  difference: string | null
}

interface StoreCompleteness {
  store: string
  name: string
  /** By day and register; days without an entry have nothing to compare, or no run yet. */
  registers: RegisterDay[]
}

interface Completeness {
  /** Oldest first. */
  days: BusinessDay[]
  stores: StoreCompleteness[]
}

const SHOWN_DAYS = 14

type Row = RegisterDay & { store: string; name: string }

/** The log against the tills' own totals, per store, register and day. */
export async function readCompleteness({ sql }: Pick<Serving, 'sql'>): Promise<Completeness> {
  return readSnapshot(sql, async reading => {
    const [extent] = await reading<{ newest: BusinessDay | null }[]>`
      select max(period) as newest from batch.current_runs where job = 'completeness'`
    if (!extent?.newest) return { days: [], stores: [] }
    const { newest } = extent
    const days = Array.from({ length: SHOWN_DAYS }, (_, index) => addDays(newest, index + 1 - SHOWN_DAYS))
    const rows = await readRows(reading, { from: days[0] ?? newest, to: newest })
    return { days, stores: byStore(rows) }
  })
}

async function readRows(reading: Reading, { from, to }: DayRange): Promise<Row[]> {
  return reading<Row[]>`
    select c.store, s.name, c.register, c.business_day as "businessDay", c.currency,
      case
        when c.state <> 'complete'
          and clock_timestamp() < d.ends_at
        then 'open' else c.state
      end as state,
      c.z_orders as "zOrders", c.z_net::text as "zNet", c.log_orders as "logOrders", c.log_net::text as "logNet",
      coalesce((
        select jsonb_agg(jsonb_build_object('tender', o.tender, 'declared', o.declared::text, 'counted', o.counted::text,
          'difference', o.difference::text) order by o.tender collate "C")
        from reports.over_short o
        where o.store = c.store and o.business_day = c.business_day and o.register = c.register
      ), '[]') as tenders,
      coalesce((
        select to_jsonb(m.missing) from reports.missing_receipts m
        where m.store = c.store and m.business_day = c.business_day and m.register = c.register
      ), '[]') as "missingReceipts",
      r.run_id as "runId"
    from ref.stores s
    join batch.completeness c on c.store = s.store and c.business_day >= ${from}
    join ref.store_days(null, ${from}, ${to}) d on d.store = c.store and d.business_day = c.business_day
    join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day
    order by s.name, c.register, c.business_day`
}

function byStore(rows: readonly Row[]): StoreCompleteness[] {
  const stores = new Map<string, StoreCompleteness>()
  for (const { store, name, ...row } of rows) {
    const entry = stores.get(store) ?? { store, name, registers: [] }
    entry.registers.push({
      ...row,
      zNet: row.zNet === null ? null : formatAmount(row.zNet),
      logNet: formatAmount(row.logNet),
    })
    stores.set(store, entry)
  }
  return [...stores.values()]
}

/** A finding as a run has kept it. */
interface Finding extends FoundRow {
  finding: number
  runId: number
  foundAt: Instant
}

interface FindingPage {
  findings: Finding[]
  nextCursor: number | null
}

/** What reconciliations found, newest first. */
export async function listFindings(
  { sql }: Pick<Serving, 'sql'>,
  page: { cursor?: number | null | undefined; limit: number },
): Promise<FindingPage> {
  const rows = await drizzle(sql)
    .select()
    .from(findings)
    .where(page.cursor ? lt(findings.finding, page.cursor) : undefined)
    .orderBy(desc(findings.finding))
    .limit(page.limit + 1)
  const shown = rows.slice(0, page.limit)
  return {
    findings: shown,
    nextCursor: rows.length > page.limit ? (shown.at(-1)?.finding ?? null) : null,
  }
}
