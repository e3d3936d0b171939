import dynamic from 'next/dynamic'
import { useMemo } from 'react'
import { formatPeriod, formatShortPeriod } from '#app/format/day.ts'
import { figureColumns, ReportCard, type ReportCardProps } from '#app/reports/report-table.tsx'
import {
  COMPARISON_PHRASES,
  changeText,
  demoSpeedOf,
  figureText,
  greatPromotions,
  hasComparison,
  offersText,
  percentText,
} from '#app/reports/report-texts.ts'
import { isUnsettled, SettlementChips } from '#app/reports/settlement.tsx'
import type { Report, ReportRow } from '#app/trpc/router-outputs.ts'
import { Skeleton } from '#app/ui/card.tsx'
import { LegendItem } from '#app/ui/chart-with-table.tsx'
import { ChoiceControl } from '#app/ui/choice.tsx'
import { DataTable, type TableSort } from '#app/ui/data-table.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { PathTag } from '#app/ui/marks.tsx'
import { type Grain, lastDayOf } from '#domain/calendar.ts'
import { FIGURES, type FigureName } from '#domain/report-views.ts'

const PeriodChart = dynamic(
  () => loadPatiently(() => import('#app/charts/period-chart.tsx')).then(module => module.PeriodChart),
  { ssr: false, loading: () => <Skeleton className="grow" /> },
)

/** A report by period: one figure drawn, all of them in the table. */
export function PeriodCard({
  grain,
  figures,
  metric,
  onMetric,
  onSort,
  ...card
}: ReportCardProps & {
  grain: Grain
  figures: readonly FigureName[]
  metric: FigureName
  onMetric: (metric: FigureName) => void
  onSort: (sort: TableSort) => void
}) {
  const title = `${card.title} by ${grain}`
  return (
    <ReportCard
      {...card}
      by={` by ${grain}`}
      choice={
        <ChoiceControl
          label="Figure"
          choices={figures.map(value => ({ value, label: FIGURES[value].title }))}
          chosen={metric}
          onChange={onMetric}
        />
      }
      legend={<ReportLegend report={card.query.data} />}
      heightClass="h-80"
    >
      {(show, report) =>
        show === 'table' ? (
          <PeriodTable title={title} report={report} onSort={onSort} />
        ) : (
          <Chart title={title} report={report} />
        )
      }
    </ReportCard>
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
          label: formatShortPeriod(periodOf(row), grain),
          // Drawn, not read: the table has the exact figures.
          value: toNumber(row.figures[metric]),
          before: toNumber(row.before),
          open: isUnsettled(row.settlement),
          restated: (row.settlement?.restated ?? 0) > 0,
        })),
    [rows, metric, grain],
  )
  const bands = useMemo(() => bandsOf(report), [report])
  return (
    <PeriodChart
      points={points}
      bands={bands}
      isWhole={FIGURES[metric].kind !== 'ratio' && FIGURES[metric].kind !== 'percent'}
      highest={metric === 'average_rating' ? HIGHEST_RATING : undefined}
      description={`${title}: ${FIGURES[metric].title}. The table shows the same figures.`}
      tooltip={key => {
        const row = rows.find(({ key: { period } }) => period === key)
        return row ? { title: formatPeriod(key, grain), lines: tooltipLines(row, report) } : null
      }}
    />
  )
}

const HIGHEST_RATING = 5

/** The great promotions, from the first to the last of the days that are drawn. */
function bandsOf(report: Report) {
  const { from, to } = report.range
  // A day within a week is drawn upon it.
  const inTurn = greatPromotions(report).toSorted((one, other) => (one.firstDay < other.firstDay ? -1 : 1))
  return inTurn.map(({ title, firstDay, lastDay }) => ({
    title,
    from: formatShortPeriod([firstDay, from].sort()[1] ?? from, 'day'),
    to: formatShortPeriod([lastDay, to].sort()[0] ?? to, 'day'),
  }))
}

function tooltipLines(row: ReportRow, report: Report) {
  const { metric, unit, grain, compared } = report
  const period = periodOf(row)
  const offers = offersText(report, { from: period, to: lastDayOf(grain, period) })
  return [
    { key: 'value', name: FIGURES[metric].title, value: figureText(metric, row.figures[metric], unit) },
    ...(compared && row.comparedPeriod !== null
      ? [
          {
            key: 'before',
            name: formatPeriod(row.comparedPeriod, grain),
            value: figureText(metric, row.before, unit),
          },
          {
            key: 'change',
            name: 'Change',
            value: `${changeText(metric, row.change, unit)} (${percentText(row, demoSpeedOf(report, row))})`,
          },
        ]
      : []),
    ...(offers === null
      ? []
      : [
          { key: 'offers', name: 'On offer', value: <span className="inline-block max-w-60">{offers}</span> },
        ]),
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
          cell: row => formatPeriod(periodOf(row), grain),
          total: 'Total',
        },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <SettlementChips settlement={row.settlement} />,
        },
        ...(report.promotions.length === 0
          ? []
          : [
              {
                key: 'offers',
                header: 'On offer',
                align: 'left' as const,
                cell: (row: ReportRow) =>
                  offersText(report, { from: periodOf(row), to: lastDayOf(grain, periodOf(row)) }) ?? '–',
              },
            ]),
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

/** What the marks of a chart by period mean. */
function ReportLegend({ report }: { report: Report | undefined }) {
  return (
    <>
      <PathTag path="batch" />
      {report?.rows.some(({ settlement }) => isUnsettled(settlement)) ? (
        <LegendItem sign="size-2.5 border border-dashed border-batch bg-batch-pale">
          so far, or awaiting a journal
        </LegendItem>
      ) : null}
      {report?.rows.some(({ settlement }) => (settlement?.restated ?? 0) > 0) ? (
        <LegendItem sign="size-2 rotate-45 bg-text">restated after closing</LegendItem>
      ) : null}
      {report && greatPromotions(report).length > 0 ? (
        <LegendItem sign="h-2.5 w-4 border-x border-muted bg-faint">
          a promotion that most customers met
        </LegendItem>
      ) : null}
      {report && hasComparison(report) ? (
        <LegendItem sign="w-4 border-t-2 border-dashed border-muted">
          {COMPARISON_PHRASES[report.comparison]}
        </LegendItem>
      ) : null}
    </>
  )
}
