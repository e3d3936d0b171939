import { REPORT_VIEWS, type ReportScope } from '#app/reports/report-scope.ts'
import type { AskedReport } from '#app/reports/use-url-state.ts'
import { type Comparison, type FigureName, figuresOf, VIEWS, type ViewName } from '#domain/report-views.ts'

/** The questions of a report's two tables, as the address has them. */
export function requestsOf(scope: ReportScope, asked: AskedReport) {
  const [first = 'sales', second = 'sales-by-store'] = REPORT_VIEWS[asked.report]
  const filters = { search: asked.q, stockoutOnly: asked.stockout }
  return {
    first: { ...requestOf(first, scope, asked), sort: sortOf(first, scope, asked.order) },
    second: { ...requestOf(second, scope, asked), sort: sortOf(second, scope, asked.sort), ...filters },
  }
}

export type ReportRequests = ReturnType<typeof requestsOf>

/** The order the address asks for, when the view has such a column. */
export function sortOf<Sort extends { by: string }>(
  view: ViewName,
  scope: ReportScope,
  sort: Sort | null,
): Sort | null {
  const columns: readonly string[] = ['key', 'before', 'change', ...figuresOf(view, scope)]
  return sort !== null && columns.includes(sort.by) ? sort : null
}

/** The part of the address that a question to one view takes over. */
interface AskedView {
  compare: Comparison
  metric: FigureName | null
}

/** The question to the server for one view of the report. */
export function requestOf(view: ViewName, { scope, grain, currency }: ReportScope, asked: AskedView) {
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
