import { Checkbox } from '@base-ui/react/checkbox'
import { Search } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { formatDate, formatPeriod } from '#app/format/day.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { figureColumns, ReportCard, type ReportCardProps } from '#app/reports/report-table.tsx'
import { figureText } from '#app/reports/report-texts.ts'
import { SettlementChips } from '#app/reports/settlement.tsx'
import type { Report, ReportRow } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CheckMark } from '#app/ui/choice.tsx'
import { type Column, DataTable, type TableSort } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { FIGURES } from '#domain/report-views.ts'

/** A report by store, category or product: a table of any length, sorted and paged by the server, and its bars. */
export function RankedCard({
  stores,
  heightClass,
  filters,
  onSort,
  onPage,
  ...card
}: ReportCardProps & {
  /** Names by id. */
  stores: ReadonlyMap<string, string>
  /** As high as its rows mostly are. */
  heightClass: string
  filters?: ReactNode
  onSort: (sort: TableSort) => void
  /** Left out where all rows fit one page. */
  onPage?: (page: number) => void
}) {
  const { title } = card
  return (
    <ReportCard
      {...card}
      shownFirst="table"
      heightClass={heightClass}
      legend={
        <>
          <PathTag path="batch" />
          {filters}
        </>
      }
    >
      {(show, report) => (
        <>
          {report.rowCount === 0 ? (
            <p className="my-auto text-xs text-muted">Nothing in these days, stores and filters.</p>
          ) : show === 'table' ? (
            <RankedTable title={title} report={report} stores={stores} onSort={onSort} />
          ) : (
            <RankingBars title={title} report={report} stores={stores} />
          )}
          <Pager report={report} onPage={onPage} />
        </>
      )}
    </ReportCard>
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
  const isByPeriodToo = view === 'inventory-by-product'
  const periodColumns: Column<ReportRow>[] = [
    {
      key: 'key',
      header: grain === 'month' ? 'Month' : 'Business day',
      align: 'left',
      isSortable: true,
      cell: ({ key }) => formatPeriod(key.period ?? '', grain),
    },
    {
      key: 'store',
      header: 'Store',
      align: 'left',
      cell: ({ key }) => stores.get(key.store ?? '') ?? key.store,
    },
    {
      key: 'state',
      header: 'State',
      align: 'left',
      cell: ({ settlement }) => <SettlementChips settlement={settlement} />,
    },
  ]
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
          key: isByPeriodToo ? 'thing' : 'key',
          header: HEADERS[view] ?? 'Product',
          align: 'left',
          isSortable: !isByPeriodToo,
          cell: row => rowTitle(row, stores),
          total: 'Total of all rows',
        },
        ...(isByPeriodToo ? periodColumns : []),
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

/** The rows of the table's page as bars of the chosen figure, in the table's order. */
function RankingBars({
  title,
  report,
  stores,
}: {
  title: string
  report: Report
  stores: ReadonlyMap<string, string>
}) {
  const { rows, metric, unit } = report
  // For drawing only. What is negative has no bar: its figure says so.
  const longest = Math.max(...rows.map(row => Number(row.figures[metric] ?? 0)), 0)
  return (
    <section
      aria-label={`${title}: ${FIGURES[metric].title} as bars`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
      tabIndex={0}
      className="min-h-0 grow overflow-y-auto"
    >
      <ol className="grid gap-1">
        {rows.map(row => (
          <li
            key={rowNameOf(row)}
            className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] items-center gap-3 text-xs"
          >
            <span className="truncate">
              {plainTitle(row.key, stores)}
              {row.key.period === undefined ? null : (
                <span className="text-2xs text-muted">
                  {' '}
                  {stores.get(row.key.store ?? '')}, {formatDate(row.key.period)}
                </span>
              )}
            </span>
            <span aria-hidden="true" className="h-4">
              <span
                className="block h-full rounded-r-[3px] bg-batch"
                style={{
                  width: `${longest > 0 ? Math.max(0, (100 * Number(row.figures[metric] ?? 0)) / longest) : 0}%`,
                }}
              />
            </span>
            <span className="min-w-20 text-right">{figureText(metric, row.figures[metric], unit)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What a row stands for: a product by name and code, a store by name, a category. */
function rowTitle({ key }: ReportRow, stores: ReadonlyMap<string, string>): ReactNode {
  if (key.sku !== undefined) {
    return (
      <span className="inline-flex max-w-40 flex-col leading-tight sm:max-w-64">
        <span className="truncate">{key.name || key.sku}</span>
        <span className="text-2xs text-muted">{key.sku}</span>
      </span>
    )
  }
  return plainTitle(key, stores)
}

/** The same in one line of plain text. */
function plainTitle(key: ReportRow['key'], stores: ReadonlyMap<string, string>): string {
  if (key.sku !== undefined) return key.name || key.sku
  if (key.store !== undefined) return stores.get(key.store) ?? key.store
  return key.category || 'No category'
}

/** Tells rows of one table apart. */
function rowNameOf({ key }: ReportRow): string {
  return [key.period, key.store, key.sku, key.category].join(' ')
}

/** Finds products by a part of their name or code, once Enter is pressed or the field is left. */
export function ProductSearch({ chosen, onChange }: { chosen: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(chosen)
  function ask() {
    if (text.trim() !== chosen) onChange(text.trim())
  }
  return (
    <form
      className="flex items-center gap-1.5"
      onSubmit={event => {
        event.preventDefault()
        ask()
      }}
    >
      <Search className="size-3.5" />
      <input
        type="search"
        aria-label="Find a product by name or code"
        placeholder="Name or code"
        value={text}
        maxLength={100}
        onChange={event => setText(event.target.value)}
        onBlur={ask}
        className="min-h-8 w-36 rounded-control border border-control bg-panel px-2 text-xs text-text placeholder:text-muted pointer-coarse:min-h-11"
      />
    </form>
  )
}

/** Only the products whose stock ran out. */
export function StockoutFilter({
  chosen,
  onChange,
}: {
  chosen: boolean
  onChange: (chosen: boolean) => void
}) {
  return (
    <Checkbox.Root
      checked={chosen}
      onCheckedChange={onChange}
      nativeButton
      render={<button type="button" />}
      className="flex min-h-8 items-center gap-2 rounded-md px-1 text-2xs text-text hover:bg-faint pointer-coarse:min-h-11"
    >
      <CheckMark />
      Only with stockout
    </Checkbox.Root>
  )
}
