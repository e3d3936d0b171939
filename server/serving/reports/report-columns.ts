import { PERIOD_COLUMNS } from '#domain/calendar.ts'
import { FIGURES, REPORTING_CURRENCY, VIEWS } from '#domain/report-views.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'
import type { ReportRow } from '#server/serving/reports/report-shapes.ts'

/** Numbers are written plainly; the others are text that people may have written. */
interface FileColumn {
  header: string
  isNumber: boolean
  value: (row: ReportRow) => string | number | null | undefined
}

/** The columns of a report as a file: those of its table, named as in schema `reports`, then the row's basis. */
export function fileColumns(plan: ReportPlan): FileColumn[] {
  const { keys, figures, metric, unit, askedComparison, request } = plan
  const { isMoney } = VIEWS[request.view]
  const word = (header: string, value: FileColumn['value']): FileColumn => ({
    header,
    isNumber: false,
    value,
  })
  const number = (header: string, value: FileColumn['value']): FileColumn => ({
    header,
    isNumber: true,
    value,
  })
  const hasPeriod = keys.includes('period')
  return [
    ...keys.map(key => word(key === 'period' ? PERIOD_COLUMNS[request.grain] : key, row => row.key[key])),
    ...(keys.includes('sku') ? [word('name', row => row.key.name)] : []),
    ...(keys.includes('sku') && !hasPeriod ? [word('category', row => row.key.category)] : []),
    ...(isMoney ? [word('currency', () => unit)] : []),
    ...figures.map(name => (FIGURES[name].kind === 'word' ? word : number)(name, row => row.figures[name])),
    ...(askedComparison
      ? [
          ...(hasPeriod ? [word('compared_with', row => row.comparedPeriod)] : []),
          number(`${metric}_before`, row => row.before),
          number(`${metric}_change`, row => row.change),
          number(`${metric}_change_percent`, row => row.percent),
        ]
      : []),
    ...(hasPeriod
      ? [
          word('state', row => row.settlement?.state),
          number('restated_days', row => row.settlement?.restated),
        ]
      : []),
    number('run_id', row => row.runId),
    word('computed_at', row => (row.computedAt === null ? null : new Date(row.computedAt).toISOString())),
  ]
}

/** `tillstream-sales-by-week-2026-11-02-to-2026-11-22-EUR.csv`; `all-in-EUR` where all currencies are converted. */
export function fileName({ request, range, unit }: ReportPlan): string {
  const { view, grain } = request
  const { grains, isMoney } = VIEWS[view]
  const amounts = request.currency === REPORTING_CURRENCY ? `all-in-${unit}` : unit
  const parts = [
    view,
    grains.length > 1 ? `by-${grain}` : '',
    range.from,
    'to',
    range.to,
    isMoney ? amounts : '',
  ]
  return `tillstream-${parts.filter(part => part !== '').join('-')}.csv`
}
