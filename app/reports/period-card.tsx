'use client'

import dynamic from 'next/dynamic'
import { type ReactNode, useMemo } from 'react'
import { figureColumns, unitOf } from '#app/reports/figure-columns.tsx'
import { changeText, figureText, percentText } from '#app/reports/figure-text.ts'
import { periodText, shortPeriodText } from '#app/reports/period-text.ts'
import { reportBases } from '#app/reports/report-basis.ts'
import { ReportLegend } from '#app/reports/report-legend.tsx'
import { isUnsettled, SettlementChips } from '#app/reports/settlement.tsx'
import type { Report, ReportRow } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { ChoiceControl } from '#app/ui/choice-control.tsx'
import { DataTable, type TableSort } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { Skeleton } from '#app/ui/skeleton.tsx'
import type { Grain } from '#domain/calendar.ts'
import { FIGURES, type FigureName } from '#domain/report-views.ts'

const PeriodChart = dynamic(
  () => loadPatiently(() => import('#app/charts/period-chart.tsx')).then(module => module.PeriodChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

const GRAIN_WORDS: Record<Grain, string> = { day: 'day', week: 'week', month: 'month' }

/** A report by period: one figure drawn, all of them in the table. */
export function PeriodCard({
  title,
  query,
  grain,
  figures,
  metric,
  zone,
  empty,
  fileLink,
  onMetric,
  onSort,
}: {
  /** What is reported: `Sales`. */
  title: string
  query: CardQuery<Report>
  grain: Grain
  figures: readonly FigureName[]
  metric: FigureName
  zone: string
  empty: ReactNode
  fileLink: ReactNode
  onMetric: (metric: FigureName) => void
  onSort: (sort: TableSort) => void
}) {
  const name = `${title} by ${GRAIN_WORDS[grain]}`
  const report = query.data
  return (
    <ChartWithTable
      title={name}
      unit={report ? unitOf(report.metric, report.unit) : undefined}
      choice={
        <ChoiceControl
          label="Figure"
          choices={figures.map(value => ({ value, label: FIGURES[value].title }))}
          chosen={metric}
          onChange={onMetric}
        />
      }
      actions={
        <>
          {fileLink}
          {report ? (
            <BasisPopover
              title={name}
              definition={`${FIGURES[report.metric].title}: ${FIGURES[report.metric].definition}`}
              bases={reportBases(report, zone)}
            />
          ) : (
            <span className="size-8" />
          )}
        </>
      }
      legend={<ReportLegend report={report} />}
      heightClass="h-80"
    >
      {show => (
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-full" />}
          isEmpty={({ basis }) => basis.runs === 0}
          empty={empty}
        >
          {answer =>
            show === 'table' ? (
              <PeriodTable title={name} report={answer} onSort={onSort} />
            ) : (
              <Chart title={name} report={answer} />
            )
          }
        </CardContent>
      )}
    </ChartWithTable>
  )
}

function Chart({ title, report }: { title: string; report: Report }) {
  const { rows, metric, grain } = report
  const points = useMemo(
    () =>
      rows
        .toSorted((one, other) => (periodOf(one) < periodOf(other) ? -1 : 1))
        .map(row => ({
          key: periodOf(row),
          label: shortPeriodText(periodOf(row), grain),
          // Drawn, not read: the table has the exact figures.
          value: toNumber(row.figures[metric]),
          before: toNumber(row.before),
          open: isUnsettled(row.settlement),
          restated: (row.settlement?.restated ?? 0) > 0,
        })),
    [rows, metric, grain],
  )
  return (
    <PeriodChart
      points={points}
      isWhole={FIGURES[metric].kind !== 'ratio' && FIGURES[metric].kind !== 'percent'}
      description={`${title}: ${FIGURES[metric].title}. The table shows the same figures.`}
      tooltip={key => {
        const row = rows.find(({ key: { period } }) => period === key)
        return row ? { title: periodText(key, grain), lines: tooltipLines(row, report) } : null
      }}
    />
  )
}

function tooltipLines(row: ReportRow, { metric, unit, grain, compared }: Report) {
  return [
    { key: 'value', name: FIGURES[metric].title, value: figureText(metric, row.figures[metric], unit) },
    ...(compared && row.comparedPeriod !== null
      ? [
          {
            key: 'before',
            name: periodText(row.comparedPeriod, grain),
            value: figureText(metric, row.before, unit),
          },
          {
            key: 'change',
            name: 'Change',
            value: `${changeText(metric, row.change, unit)} (${percentText(row.percent)})`,
          },
        ]
      : []),
    { key: 'state', name: 'State', value: <SettlementChips settlement={row.settlement} /> },
  ]
}

function PeriodTable({
  title,
  report,
  onSort,
}: {
  title: string
  report: Report
  onSort: (sort: TableSort) => void
}) {
  const { rows, grain } = report
  return (
    <DataTable
      caption={`${title}, batch`}
      rows={rows}
      rowKey={periodOf}
      sort={report.sort}
      onSort={onSort}
      hasTotals
      keepsFirstColumn
      columns={[
        {
          key: 'key',
          header: GRAIN_HEADERS[grain],
          align: 'left',
          isSortable: true,
          cell: row => periodText(periodOf(row), grain),
          total: 'Total',
        },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <SettlementChips settlement={row.settlement} />,
        },
        ...figureColumns(report),
      ]}
    />
  )
}

const GRAIN_HEADERS: Record<Grain, string> = { day: 'Business day', week: 'Week', month: 'Month' }

function periodOf({ key }: ReportRow): string {
  return key.period ?? ''
}

function toNumber(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
