import { Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import type { requestsOf } from '#app/reports/report-scope.ts'
import {
  COMPARISON_PHRASES,
  changeText,
  demoSpeedOf,
  figureText,
  hasComparison,
  percentText,
} from '#app/reports/report-texts.ts'
import type { Report, ReportBasis, ReportRow } from '#app/trpc/router-outputs.ts'
import { BasisPopover, offsetsText, type PathBasis } from '#app/ui/basis.tsx'
import { buttonLook } from '#app/ui/button.tsx'
import { CardContent, type CardQuery, Skeleton } from '#app/ui/card.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import type { Column } from '#app/ui/data-table.tsx'
import { writeIds } from '#domain/id-list.ts'
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
      // Two or three lines of words, not one a line.
      className: 'min-w-28',
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
      header: <span className="whitespace-nowrap">in %</span>,
      cell: row => percentText(row, demoSpeedOf(report, row)),
      total: percentText(total, demoSpeedOf(report)),
    },
  ]
}

const NO_CHANGE = { before: null, change: null, percent: null, isNew: false }

/** What a figure is counted in, beside a title. */
export function unitOf(name: FigureName, unit: string): string | undefined {
  return FIGURES[name].kind === 'money' ? unit : undefined
}

type FileRequest = ReturnType<typeof requestsOf>['first'] & { search?: string; stockoutOnly?: boolean }

/** What both cards of a report are given. */
export interface ReportCardProps {
  title: string
  query: CardQuery<Report>
  /** What the file at its head asks for: all its rows, in its order. */
  request: FileRequest
  zone: string
  /** Shown where no run has computed these days. */
  empty: ReactNode
}

/** A table of a report with its chart: its file, and what its figures mean and rest on, at its head. */
export function ReportCard({
  title,
  by = '',
  query,
  request,
  zone,
  empty,
  children,
  ...chart
}: ReportCardProps & {
  /** What its rows are told by, beside its title. */
  by?: string
  choice?: ReactNode
  legend: ReactNode
  heightClass: string
  shownFirst?: 'chart' | 'table'
  children: (show: 'chart' | 'table', report: Report) => ReactNode
}) {
  const report = query.data
  const figure = report && FIGURES[report.metric]
  return (
    <ChartWithTable
      {...chart}
      title={`${title}${by}`}
      unit={report && unitOf(report.metric, report.unit)}
      actions={
        <>
          <a
            href={fileAddress(request)}
            download
            aria-label={`${title}: all rows as CSV`}
            className={buttonLook({ kind: 'quiet' })}
          >
            <Download className="size-4" />
            CSV
          </a>
          <BasisPopover
            title={`${title}${by}`}
            definition={figure ? `${figure.title}: ${figure.definition}` : ''}
            bases={report && reportBases(report, zone)}
          />
        </>
      }
    >
      {show => (
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-full" />}
          isEmpty={({ basis }) => basis.runs === 0}
          empty={empty}
        >
          {answer => children(show, answer)}
        </CardContent>
      )}
    </ChartWithTable>
  )
}

function fileAddress({ stores, sort, search, stockoutOnly, metric, ...request }: FileRequest): string {
  const asked = new URLSearchParams(request)
  if (stores.length > 0) asked.set('stores', writeIds(stores))
  if (metric !== null) asked.set('metric', metric)
  if (sort) asked.set('sort', `${sort.descending ? '-' : ''}${sort.by}`)
  if (search) asked.set('search', search)
  if (stockoutOnly) asked.set('stockout', 'only')
  return `/api/reports/csv?${asked}`
}

/** What a report's figures rest on, in words: its runs, when they committed, how far they had read. */
export function reportBases({ basis, comparedBasis }: Report, zone: string): PathBasis[] {
  return [
    {
      path: 'batch',
      lines: [
        ...basisLines(basis, zone),
        ...(comparedBasis
          ? basisLines(comparedBasis, zone).map(line => ({ ...line, name: `${line.name}, before` }))
          : []),
      ],
    },
  ]
}

function basisLines(basis: ReportBasis, zone: string): { name: string; value: string }[] {
  const { job, runs, oldestRunId, newestRunId, oldestComputedAt, newestComputedAt, through } = basis
  if (newestRunId === null || oldestRunId === null) return [{ name: 'Runs', value: `none of ${job} yet` }]
  return [
    { name: 'Runs', value: `${formatCount(runs)} of ${job}` },
    { name: 'Oldest', value: runText(oldestRunId, oldestComputedAt, zone) },
    { name: 'Newest', value: runText(newestRunId, newestComputedAt, zone) },
    { name: 'Read through', value: offsetsText(through) },
  ]
}

function runText(runId: number, computedAt: number | null, zone: string): string {
  return `${formatCount(runId)}${computedAt === null ? '' : `, ${formatFullMoment(computedAt, zone)}`}`
}
