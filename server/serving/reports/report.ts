import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay, Grain } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { type Comparison, type FigureName, isByPeriod, type ViewName } from '#domain/report-views.ts'
import { type DemoDays, readDemoDays } from '#server/serving/demo-days.ts'
import { basisOf, type ReportBasis, runsByPeriod } from './basis.ts'
import { type Change, changeOf, compareDecimals } from './change.ts'
import { INVENTORY, readStockTotals, type StockRow, stockPage, stockRows } from './inventory.ts'
import { type Span, wholeSpan } from './like-moment.ts'
import { type MissingRate, readMissingRates } from './missing-rates.ts'
import { type DayRange, periodsIn } from './periods.ts'
import { CATEGORIES, PRODUCTS } from './products.ts'
import { type NamedPromotion, readPromotions } from './promotions.ts'
import {
  coverageOfQuestion,
  type Figures,
  openQuestion,
  type Question,
  type ReportRequest,
  type ReportTable,
  type TableRow,
} from './question.ts'
import { RETURNS, RETURNS_BY_PRODUCT } from './returns.ts'
import { REVIEWS, REVIEWS_BY_PRODUCT } from './reviews.ts'
import { SALES } from './sales.ts'
import {
  type ComparedCoverage,
  ifComparable,
  type Settlement,
  settle,
  settleBy,
  settlementKey,
} from './settlement.ts'

export interface ReportRow extends Change {
  /** What it stands for: `period`, `store`, `sku`, `category`; of a product also its `name`. */
  key: Record<string, string>
  figures: Figures
  /** Null for rows that belong to no period. */
  settlement: Settlement | null
  /** The newest run behind it, and when that committed. */
  runId: number | null
  computedAt: Instant | null
  /** Store-days on file behind both; without all of them nothing is said of a change. Null without comparison. */
  coverage: ComparedCoverage | null
  /** The period that `before` is of, for rows of periods. */
  comparedPeriod: BusinessDay | null
}

export interface Report {
  view: ViewName
  grain: Grain
  currency: string
  /** What amounts are in: the currency asked for, or the reporting currency. */
  unit: string
  /** Whole periods. */
  range: DayRange
  comparison: Comparison
  compared: DayRange | null
  /** The range goes on: it is held against as much of the other as has passed of it, store by store. */
  isCut: boolean
  /** Store-days on file of both; null without comparison. */
  coverage: ComparedCoverage | null
  /** Of the days on either side, those on which the demo's shops traded at another speed: they compare with nothing. */
  demoDays: DemoDays
  metric: FigureName
  /** The order of the rows. */
  sort: { by: string; descending: boolean }
  rows: ReportRow[]
  /** Over all rows, not only those of this page. */
  rowCount: number
  page: number
  pages: number
  totals: Figures
  /** What the totals are held against, figure by figure; empty without comparison. */
  changes: Partial<Record<FigureName, Change>>
  settlement: Settlement
  /** Whether the batch path has read anything of the log yet: before, it knows of no store-day. */
  isLogRead: boolean
  /** What was on offer in the range, for reports by period. */
  promotions: NamedPromotion[]
  /** Of reports in the reporting currency: what is blank for want of these. */
  missingRates: MissingRate[]
  basis: ReportBasis
  comparedBasis: ReportBasis | null
}

/** Rows that one page of a long table holds. */
const PAGE_ROWS = 50

/**
 * A report of the batch path: its rows (of long tables a page), totals over all of them, what they are held
 * against, how settled the days are, and the runs all of it stands on. Read in one snapshot.
 */
export async function readReport(sql: Sql, request: ReportRequest): Promise<Report> {
  return readSnapshot(sql, async reading => {
    const question = await openQuestion(reading, request)
    const { askedComparison, source, days, compared, comparedSource } = question
    return {
      view: request.view,
      grain: request.grain,
      currency: request.currency,
      unit: question.unit,
      range: question.range,
      comparison: askedComparison ? request.compare : 'none',
      compared: askedComparison,
      metric: question.metric,
      sort: question.sort,
      ...(await readPage(reading, question)),
      isCut: compared !== null && compared.through !== null,
      coverage: askedComparison ? coverageOfQuestion(question) : null,
      demoDays: askedComparison
        ? {
            ...(await readDemoDays(reading, askedComparison)),
            ...(await readDemoDays(reading, question.range)),
          }
        : {},
      settlement: settle(days),
      isLogRead: await hasReadLog(reading),
      promotions: isByPeriod(request.view) ? await readPromotions(reading, question.range) : [],
      missingRates: await readMissingRates(reading, question),
      basis: basisOf(source.job, question.runs),
      comparedBasis: askedComparison ? basisOf(comparedSource.job, question.comparedRuns) : null,
    }
  })
}

async function hasReadLog(reading: Reading): Promise<boolean> {
  const rows = await reading`select 1 from batch.planner_checkpoints where "offset" > 0 limit 1`
  return rows.length > 0
}

type Page = Pick<Report, 'rows' | 'rowCount' | 'page' | 'pages' | 'totals' | 'changes'>

async function readPage(reading: Reading, question: Question): Promise<Page> {
  const { view } = question.request
  if (view !== 'inventory-by-product') {
    const { rows, ...rest } = await readTable(reading, question)
    if (isByPeriod(view)) return { rows, rowCount: rows.length, page: 1, pages: 1, ...rest }
    const { limit, offset, ...place } = placeOf(question, rows.length)
    return { rows: rows.slice(offset, offset + limit), rowCount: rows.length, ...place, ...rest }
  }
  const { rowCount, totals, storePeriods } = await readStockTotals(reading, question)
  const { limit, offset, ...place } = placeOf(question, rowCount)
  const found = await stockRows(reading, question, stockPage(question, { storePeriods, limit, offset }))
  return { rows: found.map(stockRowReader(question)), rowCount, ...place, totals, changes: {} }
}

/** The page asked for, or the last, and where its rows lie. */
function placeOf({ request }: Question, rowCount: number) {
  const pages = Math.max(1, Math.ceil(rowCount / PAGE_ROWS))
  const page = Math.min(request.page, pages)
  return { page, pages, limit: PAGE_ROWS, offset: (page - 1) * PAGE_ROWS }
}

const TABLES: Record<Exclude<ViewName, 'inventory-by-product'>, ReportTable> = {
  sales: SALES,
  'sales-by-store': SALES,
  inventory: INVENTORY,
  products: PRODUCTS,
  categories: CATEGORIES,
  returns: RETURNS,
  'returns-by-product': RETURNS_BY_PRODUCT,
  reviews: REVIEWS,
  'reviews-by-product': REVIEWS_BY_PRODUCT,
}

/** All rows of a table that is read in one go, in the order asked for, with totals. */
export async function readTable(
  reading: Reading,
  question: Question,
): Promise<Pick<Report, 'rows' | 'totals' | 'changes'>> {
  const { view } = question.request
  if (view === 'inventory-by-product') throw new Error(`${view} is read page by page`)
  const table = TABLES[view]
  const read = async (span: Span) => sidesOf(await table.read(reading, question, span))
  const now = await read(wholeSpan(question.range))
  const before = question.compared ? await read(question.compared) : null
  const context = { question, table, now, before }
  const coverage = question.askedComparison ? coverageOfQuestion(question) : null
  if (isByPeriod(view)) {
    const totals = totalsOfPeriods(now, question.runs.length, context)
    const totalsBefore = before && totalsOfPeriods(before, question.comparedRuns.length, context)
    const rows = periodRows(context)
    return { rows: inOrder(rows, question.sort), totals, changes: changesOf(totals, totalsBefore, coverage) }
  }
  // Nothing on one side was nothing, which is zero; nothing on both is not known.
  const isEmpty = now.byKey.size === 0 && (before?.byKey.size ?? 0) === 0
  const totalsOf = ({ byKey, total }: Side) =>
    pick(byKey.size === 0 && !isEmpty ? table.nothing : total, question.figures)
  const [totals, totalsBefore] = [totalsOf(now), before && totalsOf(before)]
  return {
    rows: inOrder(keyedRows(context), question.sort),
    totals,
    changes: changesOf(totals, totalsBefore, coverage),
  }
}

/** A table's rows of one range, by key. */
interface Side {
  byKey: ReadonlyMap<string, TableRow>
  total: Figures
}

interface TableContext {
  question: Question
  table: ReportTable
  now: Side
  before: Side | null
}

function sidesOf(rows: readonly TableRow[]): Side {
  const byKey = new Map<string, TableRow>()
  for (const row of rows) if (row.key !== null) byKey.set(row.key, row)
  return { byKey, total: rows.find(({ key }) => key === null) ?? {} }
}

/** Null where no run has covered any of it. Customers come on several days: they are no sum of days. */
function totalsOfPeriods({ byKey, total }: Side, runs: number, { question, table }: TableContext): Figures {
  if (runs === 0) return {}
  const figures = question.figures.filter(name => name !== 'customers')
  return pick(byKey.size === 0 ? table.nothing : total, figures)
}

/** One row a period; the n-th beside the n-th of the range compared with. A period that a run has covered and that has no rows sold nothing: zero. */
function periodRows({ question, table, now, before }: TableContext): ReportRow[] {
  const { request, range, compared, metric, figures } = question
  const { grain } = request
  const settlements = settleBy(question.days, { grain, byStore: false })
  const runs = runsByPeriod(question.runs, grain)
  const comparedRuns = runsByPeriod(question.comparedRuns, grain)
  const others = compared ? periodsIn(compared, grain) : []
  return periodsIn(range, grain).map((period, index) => {
    const own = runs.has(period) ? pick(now.byKey.get(period) ?? table.nothing, figures) : {}
    const comparedPeriod = others[index] ?? null
    const other =
      comparedPeriod !== null && comparedRuns.has(comparedPeriod)
        ? (before?.byKey.get(comparedPeriod) ?? table.nothing)
        : {}
    const coverage = comparedPeriod === null ? null : coverageOfQuestion(question, { period, comparedPeriod })
    const newest = runs.get(period)?.reduce((one, run) => (run.runId > one.runId ? run : one))
    return {
      key: { period },
      figures: own,
      ...ifComparable(coverage, changeOf(own[metric] ?? null, other[metric] ?? null)),
      coverage,
      settlement: settlements.get(period) ?? null,
      runId: newest?.runId ?? null,
      computedAt: newest?.computedAt ?? null,
      comparedPeriod,
    }
  })
}

/** One row a store, product or category. What is on one side only was nothing on the other, which is zero. */
function keyedRows({ question, table, now, before }: TableContext): ReportRow[] {
  const { keys, figures, metric, source, runs } = question
  const [keyName = 'store'] = keys
  const basis = basisOf(source.job, runs)
  const whole = question.askedComparison ? coverageOfQuestion(question) : null
  return [...new Set([...now.byKey.keys(), ...(before?.byKey.keys() ?? [])])].map(key => {
    const row = now.byKey.get(key)
    const other = before?.byKey.get(key)
    const { name, category } = row ?? other ?? {}
    const own = row ?? table.nothing
    const coverage = whole && keyName === 'store' ? coverageOfQuestion(question, { store: key }) : whole
    return {
      key: {
        [keyName]: key,
        ...(name !== undefined && { name }),
        ...(keyName === 'sku' && category !== undefined && { category }),
      },
      figures: pick(own, figures),
      ...ifComparable(
        coverage,
        changeOf(own[metric] ?? null, before ? ((other ?? table.nothing)[metric] ?? null) : null),
      ),
      coverage,
      settlement: null,
      runId: basis.newestRunId,
      computedAt: basis.newestComputedAt,
      comparedPeriod: null,
    }
  })
}

/** Turns rows of stock by product into rows of the report. */
export function stockRowReader({
  figures,
  metric,
  request,
  runs,
  days,
}: Question): (row: StockRow) => ReportRow {
  const settlements = settleBy(days, { grain: request.grain, byStore: true })
  const ownRuns = new Map(runs.map(run => [settlementKey(run.period, run.store), run]))
  return ({ period, store, sku, name, ...row }) => {
    const place = settlementKey(period, store)
    const own = ownRuns.get(place)
    return {
      key: { period, store, sku, name },
      figures: pick(row, figures),
      ...changeOf(row[metric] ?? null, null),
      coverage: null,
      settlement: settlements.get(place) ?? null,
      runId: own?.runId ?? null,
      computedAt: own?.computedAt ?? null,
      comparedPeriod: null,
    }
  }
}

function pick(row: Figures, figures: readonly FigureName[]): Figures {
  return Object.fromEntries(figures.map(name => [name, row[name] ?? null]))
}

function changesOf(
  now: Figures,
  before: Figures | null,
  coverage: ComparedCoverage | null,
): Report['changes'] {
  if (before === null) return {}
  const names = Object.keys(now) as FigureName[]
  return Object.fromEntries(
    names.map(name => [name, ifComparable(coverage, changeOf(now[name] ?? null, before[name] ?? null))]),
  )
}

/** The order asked for, then the key: no two rows are equal in it, so pages neither repeat nor skip any. */
function inOrder(rows: readonly ReportRow[], { by, descending }: Question['sort']): ReportRow[] {
  const sign = descending ? -1 : 1
  return rows.toSorted((one, other) => {
    const inAsked =
      by === 'key'
        ? sign * compareText(nameOf(one), nameOf(other))
        : compareDecimals(sortValue(one, by), sortValue(other, by), descending)
    return inAsked || compareText(idOf(one), idOf(other))
  })
}

function sortValue(row: ReportRow, by: string): string | null {
  if (by === 'before') return row.before
  if (by === 'change') return row.change
  return row.figures[by as FigureName] ?? null
}

/** Products are sought by name, capital or small. */
function nameOf(row: ReportRow): string {
  return row.key.name?.toLowerCase() ?? idOf(row)
}

function idOf({ key: { period, store, sku, category } }: ReportRow): string {
  return period ?? store ?? sku ?? category ?? ''
}

function compareText(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
