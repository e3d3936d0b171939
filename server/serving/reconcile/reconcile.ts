import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { ENGINE_TITLES, type Engine } from '#domain/engine.ts'
import { formatAmount } from '#domain/money.ts'
import { otherGenerations } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'
import { areAsWritten, audit, type Share, shareSnapshot } from './audit.ts'
import { SALES_MONEY } from './audit-rows.ts'
import { comparePaths } from './compare-paths.ts'
import {
  type AuditScope,
  describeFinding,
  type FindingSource,
  type FoundRow,
  keepFindings,
} from './findings.ts'
import { type LogReach, reachOf } from './log-reach.ts'
import { countNotRebuildable } from './re-derive.ts'
import { setAsideEvents, unknownStores } from './set-aside.ts'
import { unpublishedReports } from './unpublished-reports.ts'
import { findZReports } from './z-reports.ts'

/*
 * Invariant: stream − batch = after-batch − before-stream + rule-version + unexplained, for every store-day, currency
 * and metric, and unexplained is 0; and every row of a live or report table is what the log says at the offsets the
 * row stands on. Both hold in one snapshot. Where one does not, the run fails and names figure or row.
 *
 *                ┌─> batch tables ──┐ compare-paths: day by day,       recon.reconciliation ──┐
 *   order log ───┤                  ├─ the unshared events between ──>                        ├─> page, exit code,
 *       │        └─> stream tables ─┘                                  recon.findings ────────┘   lane of operations
 *       └──────────────────────────── audit-*: the figures worked out ───────^
 *                                     again from the log, in SQL of their own
 *
 * An audit shares no statement with what it audits: it is an independent witness, or none.
 */

/** One figure of one store-day on both paths. Money as decimals, counts as integer text. */
export interface ReconciledFigure {
  businessDay: string
  store: string
  currency: string
  metric: string
  batch: string
  stream: string
  difference: string
  /** Effects of events only the stream has read. */
  afterBatch: string
  /** Effects of events only the batch path has read. */
  beforeStream: string
  ruleVersion: string
  unexplained: string
}

export interface Reconciliation {
  runId: number
  /** Store-days times currencies times metrics that were compared. */
  compared: number
  /** Those where the paths differ, explained or not. */
  differing: ReconciledFigure[]
  /** Per currency and metric over the whole scope. */
  totals: Omit<ReconciledFigure, 'businessDay' | 'store'>[]
  /** How many figures hold something unexplained. */
  unexplained: number
  /** Generations that give an answer beside the active one, each held against the batch path as that is. */
  answers: AnswerReconciliation[]
  findings: FoundRow[]
  /** Rows of the log of rules version 1: they do not say all that was sent. Null where rows were not audited. */
  notRebuildable: number | null
  /** Store-days of the log that were not asked for; null: none. Whoever reads the verdict is told. */
  outside: Outside | null
  /** What was not held against the log, because days of it lie in the archive alone; null: nothing. */
  notAudited: string | null
  /** False where figures and checksums alone were compared, and showed nothing. */
  isAudited: boolean
}

/** The figures of one further answer, against those of the batch path. */
export interface AnswerReconciliation
  extends Pick<Reconciliation, 'compared' | 'differing' | 'totals' | 'unexplained'> {
  generation: number
  engine: Engine
}

/** Store-days with events that lie outside what was asked for. */
export interface Outside {
  storeDays: number
  from: BusinessDay
  to: BusinessDay
}

export interface ReconcileRequest extends AuditScope {
  /** Ledger row of the job that asks; without one the run gets a number of its own. */
  runId?: number
  /**
   * rows (the default): every row is audited. figures: the paths are compared, and the reports held against the
   * checksums of their runs; rows are audited only if that shows anything. Costs a twentieth.
   */
  depth?: 'rows' | 'figures'
}

const MAX_TRIES = 5
const SERIALIZATION_FAILURE = '40001'

/** Connections that an audit has a use for: more only wait for the processor. */
export const RECONCILE_CONNECTIONS = 3

/**
 * Compares both paths over a range of business days and audits the rows behind them, on one snapshot.
 * Replaces the range's rows in `recon.reconciliation` and adds to `recon.findings`.
 * @param sql of its connections as many read as are free, up to `RECONCILE_CONNECTIONS`
 */
export async function reconcile(sql: Sql, request: ReconcileRequest): Promise<Reconciliation> {
  for (let tries = 1; ; tries += 1) {
    try {
      // One snapshot for everything, so that no row is compared with a log it has not seen.
      return (await sql.begin('isolation level repeatable read', reading =>
        reconcileOn(sql, reading, request),
      )) as Reconciliation
    } catch (error) {
      // Another reconciliation of these days committed first: its figures are of an older snapshot.
      const { code } = error as { code?: string }
      if (code !== SERIALIZATION_FAILURE || tries === MAX_TRIES) throw error
    }
  }
}

/** Whether both paths agree: nothing unexplained, and no row that says something else than the log. */
export function isClean({ unexplained, answers, findings }: Reconciliation): boolean {
  return unexplained === 0 && answers.every(answer => answer.unexplained === 0) && findings.length === 0
}

async function reconcileOn(sql: Sql, reading: Reading, request: ReconcileRequest): Promise<Reconciliation> {
  await refuseLostRun(reading, request)
  const [active] = await reading<{ generation: number }[]>`select generation from stream.active_generation`
  if (!active) throw new Error('stream.active_generation is empty: run the migrations again')
  await tuneForAggregation(reading)
  const runId = request.runId ?? (await nextRunId(reading))
  const share: Share = work =>
    shareSnapshot({ sql, reading, readers: RECONCILE_CONNECTIONS }, { prepare: tuneForAggregation, work })
  // Only this reader may write what it compares; the others begin with the rows.
  const shareComparing: Share = work =>
    share(async (reader, stop) => {
      if (reader === reading) await compareAll(reading, request, { ...active, runId })
      await work(reader, stop)
    })
  const { generation } = active
  const { reach, notAudited } = await reachOf(reading, request)
  const audited = {
    generation,
    others: (await otherGenerations(reading)).map(other => other.generation),
    reach,
  }
  if (request.depth !== 'figures') {
    const findings = [
      ...(await audit(shareComparing, request, audited)),
      ...(await readSources(reading, request, reach)),
    ]
    await keepFindings(reading, runId, findings)
    const figures = await readAllFigures(reading, request)
    const notRebuildable = await countNotRebuildable(reading, request)
    const outside = await readOutside(reading, request)
    await holdRun(reading, request)
    return { runId, ...figures, findings, notRebuildable, outside, notAudited, isAudited: true }
  }
  const isAsWritten = await areAsWritten(shareComparing, request, generation)
  const figures = await readAllFigures(reading, request)
  const isAudited = !isAsWritten || [figures, ...figures.answers].some(({ unexplained }) => unexplained > 0)
  const findings = [
    ...(isAudited ? await audit(share, request, audited) : []),
    ...(await readSources(reading, request, reach)),
  ]
  await keepFindings(reading, runId, findings)
  const notRebuildable = isAudited ? await countNotRebuildable(reading, request) : null
  const outside = await readOutside(reading, request)
  await holdRun(reading, request)
  return {
    runId,
    ...figures,
    findings,
    notRebuildable,
    outside,
    notAudited: isAudited ? notAudited : null,
    isAudited,
  }
}

/** The active generation, and every other that gives an answer: of those that are gone nothing stays. */
async function compareAll(
  reading: Reading,
  request: ReconcileRequest,
  { generation, runId }: { generation: number; runId: number },
): Promise<void> {
  await comparePaths(reading, request, { generation, runId, into: 'reconciliation' })
  const others = (await otherGenerations(reading)).map(other => other.generation)
  await reading`delete from recon.answers where generation <> all(${others}::integer[])`
  for (const other of others)
    await comparePaths(reading, request, { generation: other, runId, into: 'answers' })
}

/** What the planner has listed of the log, and what it has not read yet: asking for the whole log would read all of it. */
async function readOutside(reading: Reading, { from, to, stores }: AuditScope): Promise<Outside | null> {
  const [row] = await reading<{ storeDays: number; from: BusinessDay | null; to: BusinessDay | null }[]>`
    select count(*) as "storeDays", min(business_day) as "from", max(business_day) as "to"
    from (
      select store, business_day from batch.day_head
      union
      select e.store, e.business_day
      from log.partitions p
      left join batch.planner_checkpoints c on c.partition = p.partition
      join log.event_log e on e.partition = p.partition and e.type <> 'tick'
        and e.appended_at >= coalesce(c.appended_at, '-infinity') and e."offset" > coalesce(c."offset", 0)
    ) days
    where not (business_day between ${from} and ${to}
      and (${stores.length} = 0 or store = any(${[...stores]})))`
  return row && row.from !== null && row.to !== null
    ? { storeDays: row.storeDays, from: row.from, to: row.to }
    : null
}

/**
 * What is looked for at every depth, beside the audits of rows (audit.ts): a report that is not there, a till that
 * says something else. Each costs less than a comparison of figures.
 */
const FINDING_SOURCES: readonly FindingSource[] = [
  unpublishedReports,
  setAsideEvents,
  unknownStores,
  findZReports,
]

async function readSources(reading: Reading, scope: AuditScope, reach: LogReach): Promise<FoundRow[]> {
  const found: FoundRow[] = []
  // Without the days' events every report would seem to be missing, and every till to say something else.
  if (reach === 'none') return found
  for (const source of FINDING_SOURCES) found.push(...(await source(reading, scope)))
  return found
}

/** The run's row in the ledger was taken away: its connection ended, and somebody else may reconcile these days. */
export class RunLostError extends Error {
  override readonly name = 'RunLostError'
}

/** @throws RunLostError when the ledger says, in this snapshot, that the run is over */
async function refuseLostRun(reading: Reading, { runId }: ReconcileRequest): Promise<void> {
  if (runId === undefined) return
  const [run] = await reading<{ state: string }[]>`select state from batch.runs where run_id = ${runId}`
  if (run && run.state !== 'running') {
    throw new RunLostError(
      `run ${runId} is ${run.state} in the ledger: it was taken away while it ran, so nothing of it is kept`,
    )
  }
}

/**
 * From here to the commit nobody takes the run away. If somebody has since the snapshot, this fails for want of
 * serialization: the next try meets the new state. Last, so that nobody waits for an audit to end.
 */
async function holdRun(reading: Reading, { runId }: ReconcileRequest): Promise<void> {
  if (runId !== undefined) await reading`select from batch.runs where run_id = ${runId} for share`
}

/**
 * For this transaction: compiling costs more than it saves, and groups by the ten thousand stay in memory. The
 * audits share the cores among them. Workers within one would each build the whole hash table for a share of
 * its rows: 1.4 s instead of 0.6 for a quarter of a million rows of stock.
 */
async function tuneForAggregation(reading: Reading): Promise<void> {
  await reading`
    select set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
      set_config('max_parallel_workers_per_gather', '0', true)`
}

/** From the ledger's own numbers, so that a run is named by one number wherever it shows. */
async function nextRunId(reading: Reading): Promise<number> {
  const [row] = await reading<{ runId: number }[]>`
    select nextval(pg_get_serial_sequence('batch.runs', 'run_id')) as "runId"`
  if (!row) throw new Error('the ledger gave no number')
  return row.runId
}

type FigureRow = ReconciledFigure & { isMoney: boolean }
type Figures = Pick<Reconciliation, 'compared' | 'differing' | 'totals' | 'unexplained'>

async function readAllFigures(
  reading: Reading,
  scope: AuditScope,
): Promise<Figures & Pick<Reconciliation, 'answers'>> {
  const figures = await readFigures(reading, scope, null)
  const answers: AnswerReconciliation[] = []
  for (const other of await otherGenerations(reading))
    answers.push({ ...other, ...(await readFigures(reading, scope, other.generation)) })
  return { ...figures, answers }
}

/** @param answer of a generation beside the active one; null: of that */
async function readFigures(reading: Reading, scope: AuditScope, answer: number | null): Promise<Figures> {
  const table = answer === null ? reading`recon.reconciliation r` : reading`recon.answers r`
  const inScope = reading`
    ${answer === null ? reading`true` : reading`r.generation = ${answer}`} and r.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'r.store')}`
  const isMoney = reading`r.metric = any(${['net', ...SALES_MONEY]}) as "isMoney"`
  const [[count], differing, totals] = await Promise.all([
    reading<{ compared: number; unexplained: number }[]>`
      select count(*) as compared, count(*) filter (where unexplained <> 0) as unexplained
      from ${table} where ${inScope}`,
    reading<FigureRow[]>`
      select r.business_day as "businessDay", r.store, r.currency, r.metric, r.batch::text, r.stream::text,
        (r.stream - r.batch)::text as difference, r.after_batch::text as "afterBatch",
        r.before_stream::text as "beforeStream", r.rule_version::text as "ruleVersion",
        r.unexplained::text, ${isMoney}
      from ${table}
      where ${inScope} and (r.stream <> r.batch or r.unexplained <> 0)
      order by r.business_day, r.store, r.currency, r.metric`,
    reading<FigureRow[]>`
      select r.currency, r.metric, sum(r.batch)::text as batch, sum(r.stream)::text as stream,
        sum(r.stream - r.batch)::text as difference, sum(r.after_batch)::text as "afterBatch",
        sum(r.before_stream)::text as "beforeStream", sum(r.rule_version)::text as "ruleVersion",
        sum(r.unexplained)::text as unexplained, ${isMoney}
      from ${table} where ${inScope}
      group by r.currency, r.metric order by r.currency, r.metric`,
  ])
  return {
    compared: count?.compared ?? 0,
    unexplained: count?.unexplained ?? 0,
    differing: differing.map(toDecimals),
    totals: totals.map(toDecimals),
  }
}

function toDecimals<Row extends FigureRow>({ isMoney, ...figure }: Row): Omit<Row, 'isMoney'> {
  if (!isMoney) return figure
  const { batch, stream, difference, afterBatch, beforeStream, ruleVersion, unexplained } = figure
  return {
    ...figure,
    batch: formatAmount(batch),
    stream: formatAmount(stream),
    difference: formatAmount(difference),
    afterBatch: formatAmount(afterBatch),
    beforeStream: formatAmount(beforeStream),
    ruleVersion: formatAmount(ruleVersion),
    unexplained: formatAmount(unexplained),
  }
}

/** The paths disagree without a cause. The message names the first row or figure; the run fails with it. */
class UnexplainedError extends Error {
  override readonly name = 'UnexplainedError'
  readonly reconciliation: Reconciliation

  constructor(reconciliation: Reconciliation) {
    super(describeUnexplained(reconciliation))
    this.reconciliation = reconciliation
  }
}

/**
 * The job `reconciliation`: reconciles a range and fails when anything is unexplained, after having put an
 * entry `unexplained` into the lane that the dashboard and the live socket read.
 * @throws UnexplainedError; RunLostError
 */
export async function runReconciliation(sql: Sql, request: ReconcileRequest): Promise<Reconciliation> {
  const reconciliation = await reconcile(sql, request)
  if (isClean(reconciliation)) return reconciliation
  const error = new UnexplainedError(reconciliation)
  const { runId, unexplained, findings } = reconciliation
  const payload = {
    runId,
    from: request.from,
    to: request.to,
    unexplained,
    findings: findings.length,
    detail: error.message,
  }
  await sql`select live.append_ops('unexplained', ${sql.json(payload)})`
  await sql`select pg_notify('ops_changed', '')`
  throw error
}

function describeUnexplained({ differing, unexplained, answers, findings }: Reconciliation): string {
  const figure = differing.find(entry => Number(entry.unexplained) !== 0)
  const parts = [
    ...answers
      .filter(answer => answer.unexplained > 0)
      .map(
        answer =>
          `${answer.unexplained} figures of generation ${answer.generation} (${ENGINE_TITLES[answer.engine]}) hold something unexplained`,
      ),
    ...(figure
      ? [
          `${unexplained} figures hold something unexplained, the first ${figure.metric} of ${figure.store} on ${figure.businessDay}: ${figure.unexplained} ${figure.currency}`,
        ]
      : []),
    ...findings
      .slice(0, 1)
      .map(
        finding =>
          `${findings.length} findings, the first in ${finding.relation} ${JSON.stringify(finding.rowKey)}: ${describeFinding(finding)}`,
      ),
  ]
  return parts.join('; ')
}
