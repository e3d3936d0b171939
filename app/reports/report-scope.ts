import { type AskedScope, type ResolvedScope, resolveScope } from '#app/controls/scope.ts'
import { daysInRange } from '#app/format/day.ts'
import type { Overview } from '#app/trpc/router-outputs.ts'
import type { AskedReport, ReportName } from '#app/url-state.ts'
import { addDays, type Grain } from '#domain/calendar.ts'
import { figuresOf, REPORTING_CURRENCY, VIEWS, type ViewName } from '#domain/report-views.ts'

/** Four weeks: long enough to see the week, and the four before it have the same weekdays. */
const USUAL_DAYS = 28
/** As many as the server answers. */
export const MAX_DAYS = 366

/** The tables of a report: the first short enough for one page, the second of any length. */
export const REPORT_VIEWS: Record<ReportName, readonly [ViewName, ViewName]> = {
  sales: ['sales', 'sales-by-store'],
  inventory: ['inventory', 'inventory-by-product'],
  products: ['categories', 'products'],
  returns: ['returns', 'returns-by-product'],
  reviews: ['reviews', 'reviews-by-product'],
}

export interface ReportScope extends ResolvedScope {
  grain: Grain
  /** The currency asked for, or `all`. */
  currency: string
  /** The asked range was longer than a report covers. */
  isShortened: boolean
}

interface AskedReportScope extends AskedScope {
  report: ReportName
  grain: Grain
}

/**
 * The scope to show. What the address leaves open: the four weeks up to the newest day, all stores, their first
 * currency. @returns null while there is nothing to show
 */
export function resolveReportScope(overview: Overview, asked: AskedReportScope): ReportScope | null {
  const resolved = resolveScope(overview, asked)
  if (!resolved) return null
  const grain = grainOf(asked)
  const range =
    asked.from === null && asked.to === null
      ? usualRange(resolved.newestDay, overview.firstDay)
      : { from: resolved.scope.from, to: resolved.scope.to }
  const isShortened = daysInRange(range.from, range.to) > MAX_DAYS
  const from = isShortened ? addDays(range.to, 1 - MAX_DAYS) : range.from
  const isConverted =
    asked.currency === REPORTING_CURRENCY && REPORT_VIEWS[asked.report].some(view => VIEWS[view].isMoney)
  return {
    ...resolved,
    scope: { ...resolved.scope, from, to: range.to },
    grain,
    currency: isConverted ? REPORTING_CURRENCY : resolved.scope.currency,
    isShortened,
  }
}

/** Reports without the asked grain are told by day. */
function grainOf({ report, grain }: { report: ReportName; grain: Grain }): Grain {
  const [first] = REPORT_VIEWS[report]
  return VIEWS[first].grains.includes(grain) ? grain : 'day'
}

function usualRange(newest: string, first: string | null): { from: string; to: string } {
  const from = addDays(newest, 1 - USUAL_DAYS)
  return { from: first !== null && first > from ? first : from, to: newest }
}

/** The questions of a report's two tables, as the address has them. */
export function requestsOf(scope: ReportScope, asked: AskedReport) {
  const [first, second] = REPORT_VIEWS[asked.report]
  const filters = { search: asked.q, stockoutOnly: asked.stockout }
  return {
    first: { ...requestOf(first, scope, asked), sort: sortOf(first, scope, asked.order) },
    second: { ...requestOf(second, scope, asked), sort: sortOf(second, scope, asked.sort), ...filters },
  }
}

/** The order the address asks for, when the view has such a column. */
export function sortOf<Sort extends { by: string }>(
  view: ViewName,
  scope: ReportScope,
  sort: Sort | null,
): Sort | null {
  const columns: readonly string[] = ['key', 'before', 'change', ...figuresOf(view, scope)]
  return sort !== null && columns.includes(sort.by) ? sort : null
}

/** The question to the server for one view of the report. */
function requestOf(view: ViewName, { scope, grain, currency }: ReportScope, asked: AskedReport) {
  const figures = figuresOf(view, { grain, currency })
  return {
    view,
    grain: VIEWS[view].grains.includes(grain) ? grain : ('day' as const),
    from: scope.from,
    to: scope.to,
    stores: scope.stores,
    currency,
    // A month has no four weeks.
    compare: grain === 'month' && asked.compare === 'four-weeks' ? ('none' as const) : asked.compare,
    metric: asked.metric !== null && figures.includes(asked.metric) ? asked.metric : null,
  }
}
