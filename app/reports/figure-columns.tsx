import { changeText, figureText, percentText } from '#app/reports/figure-text.ts'
import { COMPARISON_PHRASES, hasComparison } from '#app/reports/period-text.ts'
import type { Report, ReportRow } from '#app/trpc/router-outputs.ts'
import type { Column } from '#app/ui/data-table.tsx'
import { FIGURES, type FigureName, figuresOf } from '#domain/report-views.ts'

/** A column for each figure, and three for what the chosen one is held against. Totals of all rows at the foot. */
export function figureColumns(report: Report): Column<ReportRow>[] {
  const { view, totals, changes, unit, metric, comparison } = report
  const columns = figuresOf(view, report).map(
    (name): Column<ReportRow> => ({
      key: name,
      header: <span title={FIGURES[name].definition}>{FIGURES[name].title}</span>,
      isSortable: true,
      cell: row => figureText(name, row.figures[name], unit),
      total: name in totals ? figureText(name, totals[name], unit) : null,
    }),
  )
  if (!hasComparison(report)) return columns
  const total = changes[metric] ?? NO_CHANGE
  const { title } = FIGURES[metric]
  return [
    ...columns,
    {
      key: 'before',
      header: `${title}, ${COMPARISON_PHRASES[comparison]}`,
      isSortable: true,
      cell: row => figureText(metric, row.before, unit),
      total: figureText(metric, total.before, unit),
    },
    {
      key: 'change',
      header: 'Change',
      isSortable: true,
      cell: row => changeText(metric, row.change, unit),
      total: changeText(metric, total.change, unit),
    },
    {
      key: 'percent',
      header: 'in %',
      cell: row => percentText(row.percent),
      total: percentText(total.percent),
    },
  ]
}

const NO_CHANGE = { before: null, change: null, percent: null }

/** What a figure is counted in, beside a title. */
export function unitOf(name: FigureName, unit: string): string | undefined {
  return FIGURES[name].kind === 'money' ? unit : undefined
}
