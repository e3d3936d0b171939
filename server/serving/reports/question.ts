import { z } from 'zod'
import type { Reading } from '#db/transaction.ts'
import { type BusinessDay, GRAINS, type Grain, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import {
  COMPARISONS,
  defaultMetric,
  FIGURE_NAMES,
  type FigureName,
  figuresOf,
  isByPeriod,
  REPORTING_CURRENCY,
  type RowKey,
  restatedBy,
  VIEW_NAMES,
  VIEWS,
  type ViewName,
} from '#domain/report-views.ts'
import { REPORTS } from '#domain/reports.ts'
import {
  businessDaySchema,
  daysBetween,
  inStores,
  MAX_SCOPE_DAYS,
  storesSchema,
} from '#server/serving/scope.ts'
import { type RunOfPeriod, readRuns } from './basis.ts'
import { isInSpan, isRunningDayTold, readComparedSpan, type Span, wholeSpan } from './like-moment.ts'
import { comparedRange, type DayRange, wholePeriods } from './periods.ts'
import {
  type ComparedCoverage,
  type CoveredStoreDay,
  coverageOf,
  readStoreDays,
  type StoreDay,
  settlementKey,
} from './settlement.ts'

/** A question to the reports. Both days are included; weeks and months are whole. */
export const reportRequestSchema = z
  .strictObject({
    view: z.enum(VIEW_NAMES),
    grain: z.enum(GRAINS).default('day'),
    from: businessDaySchema,
    to: businessDaySchema,
    /** Empty: all. */
    stores: storesSchema,
    /** A currency, or 'all' for amounts in the reporting currency. */
    currency: z.string().regex(new RegExp(`^([A-Z]{3}|${REPORTING_CURRENCY})$`), {
      error: `must be a three-letter currency code such as EUR, or '${REPORTING_CURRENCY}'`,
    }),
    compare: z.enum(COMPARISONS).default('none'),
    /** The figure that is compared row by row. */
    metric: z.enum(FIGURE_NAMES).nullish(),
    sort: z
      .strictObject({
        by: z.union([z.literal('key'), z.literal('before'), z.literal('change'), z.enum(FIGURE_NAMES)]),
        descending: z.boolean(),
      })
      .nullish(),
    /** From 1. */
    page: z.int().min(1).max(1_000_000).default(1),
    /** Part of a product's name or code. */
    search: z.string().max(100).default(''),
    /** Only rows whose stock ran out. */
    stockoutOnly: z.boolean().default(false),
  })
  .superRefine(({ view, grain, from, to, currency, metric, sort }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const days = daysBetween(from, to)
    if (days < 1) refuse('to', `"to" (${to}) lies before "from" (${from})`)
    if (days > MAX_SCOPE_DAYS) {
      refuse('to', `${from} to ${to} are ${days} days: ask for ${MAX_SCOPE_DAYS} at most`)
    }
    const { grains } = VIEWS[view]
    if (!grains.includes(grain)) refuse('grain', `${view} is told by ${grains.join(' or ')}, not by ${grain}`)
    const figures: readonly string[] = figuresOf(view, { grain, currency })
    for (const [path, name] of [
      ['metric', metric],
      ['sort', sort?.by],
    ] as const) {
      if (!name || name === 'key' || name === 'before' || name === 'change' || figures.includes(name))
        continue
      refuse(path, `${view} has no ${name}: choose one of ${figures.join(', ')}`)
    }
  })

export type ReportRequest = z.output<typeof reportRequestSchema>

export interface Source {
  job: string
  grain: Grain
}

/** A question, with all that follows from it decided. */
export interface Question {
  request: ReportRequest
  /** The job whose runs are the basis, and the period its figures are kept by; a view may add several up. */
  source: Source
  keys: readonly RowKey[]
  figures: readonly FigureName[]
  metric: FigureName
  range: DayRange
  /** The store-days of the range that have begun. */
  days: readonly CoveredStoreDay[]
  /** Of the range compared with, as much as has passed of this one. Null too where no run has covered any of it: figures that are not known are not zero. */
  compared: Span | null
  /** Its store-days. */
  comparedDays: readonly CoveredStoreDay[]
  /** The job whose runs it stands on: periods that go on are held against days. */
  comparedSource: Source
  /** The range asked to compare with, whether or not it has figures. */
  askedComparison: DayRange | null
  /** The stores with anything in this currency. */
  stores: readonly string[]
  /** What amounts are in. */
  unit: string
  runs: readonly RunOfPeriod[]
  comparedRuns: readonly RunOfPeriod[]
  sort: { by: string; descending: boolean }
}

/** Decides what is read for a question. */
export async function openQuestion(reading: Reading, request: ReportRequest): Promise<Question> {
  const { view, grain, currency } = request
  const { isCompared, isMoney, keys } = VIEWS[view]
  const source = sourceOf(view, grain)
  const range = wholePeriods(request, grain)
  const askedComparison = isCompared ? comparedRange(range, grain, request.compare) : null
  const [stores, unit] = await Promise.all([
    readStores(reading, request, isMoney),
    currency === REPORTING_CURRENCY ? readReportingCurrency(reading) : currency,
  ])
  const figures = figuresOf(view, { grain, currency })
  const scope = {
    stores,
    currency: isMoney && currency !== REPORTING_CURRENCY ? currency : null,
    restatedBy: restatedBy(figures),
    isOfStock: source.job.endsWith('_inventory'),
  }
  const runs = await readRuns(reading, { job: source.job, range, stores })
  const days = withCoverage(await readStoreDays(reading, { ...scope, range }), { runs, source })
  const isRunning = days.some(({ isOver }) => !isOver)
  // Stock of a month that goes on has nothing like it: its levels are told at its end.
  const isCut = isRunning && askedComparison !== null && !(scope.isOfStock && source.grain === 'month')
  const span = !isCut
    ? askedComparison && wholeSpan(askedComparison)
    : await readComparedSpan(reading, {
        range,
        compared: askedComparison,
        grain,
        days,
        runs,
        takesOpenDay: takesOpenDay(source),
        now: await readNow(reading),
      })
  const comparedSource: Source =
    isCut && source.grain !== 'day' ? { job: source.job.replace(/^[a-z]+_/, 'daily_'), grain: 'day' } : source
  const comparedRuns = span ? await readRuns(reading, { job: comparedSource.job, range: span, stores }) : []
  const comparedDays = span
    ? withCoverage(await readStoreDays(reading, { ...scope, range: span }), {
        runs: comparedRuns,
        source: comparedSource,
      }).filter(day => isInSpan(span, day))
    : []
  const metric = request.metric ?? defaultMetric(view, currency)
  const isInOrderOfKeys = isByPeriod(view) || view === 'inventory-by-product'
  return {
    request,
    source,
    keys,
    figures,
    metric,
    range,
    days,
    compared: comparedRuns.length > 0 ? span : null,
    comparedDays,
    comparedSource,
    askedComparison,
    stores,
    unit,
    runs,
    comparedRuns,
    sort: request.sort ?? { by: isInOrderOfKeys ? 'key' : metric, descending: true },
  }
}

/** Whether a report's figures hold the running day so far; the others wait for its end. */
function takesOpenDay({ job }: Source): boolean {
  return REPORTS.some(({ name, cadence }) => name === job && cadence === 'every-tick')
}

function withCoverage(
  days: readonly StoreDay[],
  { runs, source }: { runs: readonly RunOfPeriod[]; source: Source },
): CoveredStoreDay[] {
  const covered = new Set(
    runs.flatMap(({ store, period, days: taken }) =>
      source.grain === 'day'
        ? [settlementKey(period, store)]
        : (taken ?? []).map(day => settlementKey(day, store)),
    ),
  )
  return days.map(day => ({ ...day, covered: covered.has(settlementKey(day.businessDay, day.store)) }))
}

async function readNow(reading: Reading): Promise<Instant> {
  const [row] = await reading<{ now: Instant }[]>`select now() as now`
  return row?.now ?? 0
}

const GRAIN_WORDS: Record<Grain, string> = { day: 'daily', week: 'weekly', month: 'monthly' }

/** Weeks and months of sales and stock have reports of their own; returns, products and reviews are added up from days. */
function sourceOf(view: ViewName, grain: Grain): Source {
  switch (view) {
    case 'sales':
    case 'sales-by-store':
      return { job: `${GRAIN_WORDS[grain]}_sales`, grain }
    case 'inventory':
    case 'inventory-by-product':
      return { job: `${GRAIN_WORDS[grain]}_inventory`, grain }
    case 'returns':
      return { job: 'daily_sales', grain: 'day' }
    case 'products':
    case 'categories':
    case 'returns-by-product':
      return { job: 'daily_product_sales', grain: 'day' }
    case 'reviews':
    case 'reviews-by-product':
      return { job: 'daily_reviews', grain: 'day' }
  }
}

/** Stores of the scope that take the currency, or have taken it. */
async function readStores(
  reading: Reading,
  { stores, currency, from, to }: ReportRequest,
  isMoney: boolean,
): Promise<string[]> {
  const isAnyCurrency = !isMoney || currency === REPORTING_CURRENCY
  const rows = await reading<{ store: string }[]>`
    select store from ref.stores s
    where (${isAnyCurrency} or exists (
        select from ref.store_validity v
        where v.store = s.store and v.currency = ${currency} and v.valid_from <= ${to} and v.valid_to > ${from}
      ) or exists (
        select from batch.daily_sales d
        where d.store = s.store and d.currency = ${currency} and d.business_day between ${from} and ${to}))
      ${inStores(reading, { stores }, 's.store')}
    order by store`
  return rows.map(({ store }) => store)
}

async function readReportingCurrency(reading: Reading): Promise<string> {
  const [row] = await reading<{ currency: string }[]>`select currency from ref.reporting_currency`
  if (!row) throw new Error('ref.settings names no reporting_currency: run the migrations again')
  return row.currency
}

/** How much is on file of what is held against each other: of all, of a period, or of a store. */
export function coverageOfQuestion(
  { days, comparedDays, request, source }: Question,
  of: { period?: BusinessDay; comparedPeriod?: BusinessDay; store?: string } = {},
): ComparedCoverage {
  const { grain } = request
  const isOfStockMonth = source.job === 'monthly_inventory'
  const isOfStock = source.job.endsWith('_inventory')
  const isCompared = (day: CoveredStoreDay) =>
    day.isOver ||
    isOfStockMonth ||
    // Goods came: figures of stock tell of that, and have no moment to be held against.
    (isOfStock && day.sendsAtClose && day.hasEvents) ||
    isRunningDayTold(day, { takesOpenDay: takesOpenDay(source) })
  const isOf = (period: BusinessDay | undefined) => (day: CoveredStoreDay) =>
    (period === undefined || periodOf(grain, day.businessDay) === period) &&
    (of.store === undefined || day.store === of.store)
  return {
    now: coverageOf(days.filter(isCompared).filter(isOf(of.period))),
    before: coverageOf(comparedDays.filter(isOf(of.comparedPeriod))),
  }
}

/** Figures by name: exact decimals as text, words as they are, null where there is none. */
export type Figures = Partial<Record<FigureName, string | null>>

/** A row of a table's statement. `key` null: all rows together. */
export type TableRow = Figures & { key: string | null; name?: string; category?: string }

/** A table that is read in one go: by period, store, product or category. */
export interface ReportTable {
  /** The rows of one span that have anything, and what they add up to. */
  read(reading: Reading, question: Question, span: Span): Promise<TableRow[]>
  /** The figures where nothing happened: zero, or none at all. */
  nothing: Figures
}
