'use client'

import type { ReactNode } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { figureColumns, unitOf } from '#app/reports/figure-columns.tsx'
import { periodText } from '#app/reports/period-text.ts'
import { RankingBars } from '#app/reports/ranking-bars.tsx'
import { reportBases } from '#app/reports/report-basis.ts'
import { rowNameOf, rowTitle } from '#app/reports/row-title.tsx'
import { SettlementChips } from '#app/reports/settlement.tsx'
import type { Report } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { Button } from '#app/ui/button.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { ChartWithTable } from '#app/ui/chart-with-table.tsx'
import { DataTable, type TableSort } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { FIGURES } from '#domain/report-views.ts'

/** A report by store, category or product: a table of any length, sorted and paged by the server, and its bars. */
export function RankedCard({
  title,
  query,
  stores,
  zone,
  empty,
  fileLink,
  heightClass,
  filters,
  onSort,
  onPage,
}: {
  title: string
  query: CardQuery<Report>
  /** Names by id. */
  stores: ReadonlyMap<string, string>
  zone: string
  empty: ReactNode
  fileLink: ReactNode
  /** As high as its rows mostly are. */
  heightClass: string
  filters?: ReactNode
  onSort: (sort: TableSort) => void
  /** Left out where all rows fit one page. */
  onPage?: (page: number) => void
}) {
  const report = query.data
  return (
    <ChartWithTable
      title={title}
      unit={report ? unitOf(report.metric, report.unit) : undefined}
      shownFirst="table"
      heightClass={heightClass}
      actions={
        <>
          {fileLink}
          {report ? (
            <BasisPopover
              title={title}
              definition={`${FIGURES[report.metric].title}: ${FIGURES[report.metric].definition}`}
              bases={reportBases(report, zone)}
            />
          ) : (
            <span className="size-8" />
          )}
        </>
      }
      legend={
        <>
          <PathTag path="batch" />
          {filters}
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
          {answer => (
            <>
              {answer.rowCount === 0 ? (
                <p className="my-auto text-xs text-muted">Nothing in these days, stores and filters.</p>
              ) : show === 'table' ? (
                <RankedTable title={title} report={answer} stores={stores} onSort={onSort} />
              ) : (
                <RankingBars title={title} report={answer} stores={stores} />
              )}
              <Pager report={answer} onPage={onPage} />
            </>
          )}
        </CardContent>
      )}
    </ChartWithTable>
  )
}

function RankedTable({
  title,
  report,
  stores,
  onSort,
}: {
  title: string
  report: Report
  stores: ReadonlyMap<string, string>
  onSort: (sort: TableSort) => void
}) {
  const { rows, grain, view } = report
  const hasPeriod = view === 'inventory-by-product'
  return (
    <DataTable
      caption={`${title}, batch`}
      rows={rows}
      rowKey={rowNameOf}
      sort={report.sort}
      onSort={onSort}
      hasTotals
      keepsFirstColumn
      columns={[
        {
          key: hasPeriod ? 'thing' : 'key',
          header: HEADERS[view] ?? 'Product',
          align: 'left',
          isSortable: !hasPeriod,
          cell: row => rowTitle(row, stores),
          total: 'Total of all rows',
        },
        ...(hasPeriod
          ? [
              {
                key: 'key',
                header: grain === 'month' ? 'Month' : 'Business day',
                align: 'left' as const,
                isSortable: true,
                cell: (row: Report['rows'][number]) => periodText(row.key.period ?? '', grain),
              },
              {
                key: 'store',
                header: 'Store',
                align: 'left' as const,
                cell: (row: Report['rows'][number]) => stores.get(row.key.store ?? '') ?? row.key.store,
              },
              {
                key: 'state',
                header: 'State',
                align: 'left' as const,
                cell: (row: Report['rows'][number]) => <SettlementChips settlement={row.settlement} />,
              },
            ]
          : []),
        ...figureColumns(report),
      ]}
    />
  )
}

const HEADERS: Partial<Record<Report['view'], string>> = { 'sales-by-store': 'Store', categories: 'Category' }

function Pager({ report, onPage }: { report: Report; onPage: ((page: number) => void) | undefined }) {
  const { page, pages, rowCount } = report
  return (
    <div className="flex min-h-11 items-center gap-2 pt-2 text-2xs text-muted">
      <p aria-live="polite">
        {pages > 1 ? `Page ${formatCount(page)} of ${formatCount(pages)}, ` : ''}
        {plural(rowCount, 'row')}
      </p>
      {pages > 1 && onPage ? (
        <div className="ml-auto flex gap-1.5">
          <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>
            Previous
          </Button>
          <Button disabled={page >= pages} onClick={() => onPage(page + 1)}>
            Next
          </Button>
        </div>
      ) : null}
    </div>
  )
}
