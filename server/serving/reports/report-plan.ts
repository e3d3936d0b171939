import type { Reading } from '#db/transaction.ts'
import {
  defaultMetric,
  type FigureName,
  figuresOf,
  isByPeriod,
  REPORTING_CURRENCY,
  type RowKey,
  VIEWS,
} from '#domain/report-views.ts'
import { comparedRange, type DayRange, wholePeriods } from '#server/serving/reports/periods.ts'
import type { ReportRequest } from '#server/serving/reports/report-request.ts'
import { type RunsOfPeriod, readRuns } from '#server/serving/reports/report-runs.ts'
import { type ReportSource, sourceOf } from '#server/serving/reports/report-source.ts'

/** A question, with all that follows from it decided: what every query of its answer is built from. */
export interface ReportPlan {
  request: ReportRequest
  source: ReportSource
  keys: readonly RowKey[]
  figures: readonly FigureName[]
  metric: FigureName
  range: DayRange
  /** Null too where no run has covered any of it: figures that are not known are not zero. */
  compared: DayRange | null
  /** The range asked to compare with, whether or not it has figures. */
  askedComparison: DayRange | null
  /** The stores with anything in this currency. */
  stores: readonly string[]
  /** What amounts are in. */
  unit: string
  runs: readonly RunsOfPeriod[]
  comparedRuns: readonly RunsOfPeriod[]
  sort: { by: string; descending: boolean }
}

/** Decides what is read for a question. */
export async function planReport(reading: Reading, request: ReportRequest): Promise<ReportPlan> {
  const { view, grain, currency } = request
  const source = sourceOf(view, { grain, currency })
  const range = wholePeriods(request, grain)
  const isCompared = VIEWS[view].isCompared
  const askedComparison = isCompared ? comparedRange(range, grain, request.compare) : null
  const [stores, unit] = await Promise.all([
    readStores(reading, request, VIEWS[view].isMoney),
    currency === REPORTING_CURRENCY ? readReportingCurrency(reading) : currency,
  ])
  const [runs, comparedRuns] = await Promise.all([
    readRuns(reading, { job: source.job, range, stores }),
    askedComparison ? readRuns(reading, { job: source.job, range: askedComparison, stores }) : [],
  ])
  const metric = request.metric ?? defaultMetric(view, currency)
  return {
    request,
    source,
    keys: VIEWS[view].keys,
    figures: figuresOf(view, { grain, currency }),
    metric,
    range,
    compared: comparedRuns.length > 0 ? askedComparison : null,
    askedComparison,
    stores,
    unit,
    runs,
    comparedRuns,
    sort: request.sort ?? defaultSort(request, metric),
  }
}

function defaultSort({ view }: ReportRequest, metric: FigureName): ReportPlan['sort'] {
  return isByPeriod(view) || view === 'inventory-by-product'
    ? { by: 'key', descending: true }
    : { by: metric, descending: true }
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
    where ${stores.length > 0 ? reading`store = any(${stores})` : reading`true`}
      and ${
        isAnyCurrency
          ? reading`true`
          : reading`(s.currency = ${currency} or exists (
              select from batch.daily_sales d
              where d.store = s.store and d.currency = ${currency}
                and d.business_day between ${from} and ${to}))`
      }
    order by store`
  return rows.map(({ store }) => store)
}

async function readReportingCurrency(reading: Reading): Promise<string> {
  const [row] = await reading<{ currency: string }[]>`select currency from ref.reporting_currency`
  if (!row) throw new Error('ref.settings names no reporting_currency: run the migrations again')
  return row.currency
}
