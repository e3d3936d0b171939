import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { type FigureName, isByPeriod, REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'
import { changeOf } from '#server/serving/reports/change.ts'
import { type PeriodFigures, periodRows, readPeriods } from '#server/serving/reports/period-rows.ts'
import { periodOf } from '#server/serving/reports/periods.ts'
import { type RankedRow, rankedRows, readRankedTotals } from '#server/serving/reports/ranked-rows.ts'
import { planReport, type ReportPlan } from '#server/serving/reports/report-plan.ts'
import { PAGE_ROWS, type ReportRequest } from '#server/serving/reports/report-request.ts'
import { basisOf } from '#server/serving/reports/report-runs.ts'
import type { Figures, Report, ReportRow, Settlement } from '#server/serving/reports/report-shapes.ts'
import {
  readSettlement,
  type StoreDayState,
  settle,
  settleBy,
  settlementKey,
} from '#server/serving/reports/settlement.ts'
import { readStockTotals, stockPage, stockRows } from '#server/serving/reports/stock-rows.ts'

/**
 * A report of the batch path: its rows (of long tables a page), totals over all of them, what they are held
 * against, how settled the days are, and the runs all of it stands on. Read in one snapshot.
 */
export async function readReport(sql: Sql, request: ReportRequest): Promise<Report> {
  return readSnapshot(sql, async reading => {
    const plan = await planReport(reading, request)
    const days = await readDays(reading, plan)
    const body = isByPeriod(request.view)
      ? await readAllPeriods(reading, plan, days)
      : request.view === 'inventory-by-product'
        ? await readStockPage(reading, plan, days)
        : await readRankedPage(reading, plan, days)
    return {
      view: request.view,
      grain: request.grain,
      currency: request.currency,
      unit: plan.unit,
      range: plan.range,
      comparison: plan.askedComparison ? request.compare : 'none',
      compared: plan.askedComparison,
      metric: plan.metric,
      sort: plan.sort,
      ...body,
      settlement: settle(days),
      basis: basisOf(plan.source.job, plan.runs),
      comparedBasis: plan.askedComparison ? basisOf(plan.source.job, plan.comparedRuns) : null,
    }
  })
}

type Body = Pick<Report, 'rows' | 'rowCount' | 'page' | 'pages' | 'totals' | 'changes'>

/** Read here and for the export, so that both show one state. */
export async function readDays(reading: Reading, plan: ReportPlan): Promise<StoreDayState[]> {
  const { request, range, stores } = plan
  const isOfCurrency = VIEWS[request.view].isMoney && request.currency !== REPORTING_CURRENCY
  const days = await readSettlement(reading, {
    range,
    stores,
    currency: isOfCurrency ? request.currency : null,
  })
  const covered = new Set(plan.runs.map(run => settlementKey(run.period, run.store)))
  return days.map(day => ({
    ...day,
    covered: covered.has(settlementKey(periodOf(day.businessDay, plan.source.grain), day.store)),
  }))
}

/** All rows of a report by period, with totals. */
export async function readAllPeriods(
  reading: Reading,
  plan: ReportPlan,
  days: readonly StoreDayState[],
): Promise<Body> {
  const { range, runs, compared, comparedRuns } = plan
  const now = await readPeriods(reading, plan, { range, runs })
  const before: PeriodFigures | null = compared
    ? await readPeriods(reading, plan, { range: compared, runs: comparedRuns })
    : null
  const rows = periodRows(plan, { now, before, days })
  return {
    rows,
    rowCount: rows.length,
    page: 1,
    pages: 1,
    totals: now.totals,
    changes: changesOf(now.totals, before?.totals ?? null),
  }
}

async function readRankedPage(
  reading: Reading,
  plan: ReportPlan,
  days: readonly StoreDayState[],
): Promise<Body> {
  const { rowCount, totals, totalsBefore } = await readRankedTotals(reading, plan)
  const { page, pages, place } = pageOf(plan, rowCount)
  const found = await rankedRows(reading, plan, place)
  const toRow = rankedRowReader(plan, days)
  return { rows: found.map(toRow), rowCount, page, pages, totals, changes: changesOf(totals, totalsBefore) }
}

async function readStockPage(
  reading: Reading,
  plan: ReportPlan,
  days: readonly StoreDayState[],
): Promise<Body> {
  const { rowCount, totals, counts } = await readStockTotals(reading, plan)
  const { page, pages, place } = pageOf(plan, rowCount)
  const found = await stockRows(reading, plan, stockPage(plan, { counts, ...place }))
  return { rows: found.map(rankedRowReader(plan, days)), rowCount, page, pages, totals, changes: {} }
}

/** The page asked for, or the last, and where its rows lie. */
function pageOf({ request }: ReportPlan, rowCount: number) {
  const pages = Math.max(1, Math.ceil(rowCount / PAGE_ROWS))
  const page = Math.min(request.page, pages)
  return { page, pages, place: { limit: PAGE_ROWS, offset: (page - 1) * PAGE_ROWS } }
}

function changesOf(now: Figures, before: Figures | null): Report['changes'] {
  if (before === null) return {}
  const names = Object.keys(now) as FigureName[]
  return Object.fromEntries(names.map(name => [name, changeOf(now[name] ?? null, before[name] ?? null)]))
}

/** Turns rows of the database into rows of the report. */
export function rankedRowReader(
  plan: ReportPlan,
  days: readonly StoreDayState[],
): (row: RankedRow) => ReportRow {
  const { keys, figures, metric, request, runs, source } = plan
  const hasPeriod = keys.includes('period')
  const settlements: ReadonlyMap<string, Settlement> = hasPeriod
    ? settleBy(days, { grain: request.grain, byStore: true })
    : new Map()
  const ownRuns = new Map(runs.map(run => [settlementKey(run.period, run.store), run]))
  const all = basisOf(source.job, runs)
  return row => {
    const key: Record<string, string> = {}
    for (const name of [...keys, 'name', 'category']) {
      const value = row[name]
      if (value !== null && value !== undefined) key[name] = value
    }
    const place = settlementKey(key.period ?? '', key.store ?? '')
    const own = ownRuns.get(place)
    return {
      key,
      figures: Object.fromEntries(figures.map(name => [name, row[name] ?? null])),
      ...changeOf(row[metric] ?? null, row.before ?? null),
      settlement: settlements.get(place) ?? null,
      runId: hasPeriod ? (own?.runId ?? null) : all.newestRunId,
      computedAt: hasPeriod ? (own?.computedAt ?? null) : all.newestComputedAt,
      comparedPeriod: null,
    }
  }
}
