import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { Button } from '#app/ui/button.tsx'
import { classNames } from '#app/ui/class-names.ts'

export interface Column<Row> {
  key: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** Text is left-aligned; numbers, the rule, are right-aligned. */
  align?: 'left' | 'right'
  className?: string
  /** Pressing its header asks for this order. */
  isSortable?: boolean
  /** What all rows come to, at the foot. */
  total?: ReactNode
}

/** The column that rows are ordered by. */
export interface TableSort {
  by: string
  descending: boolean
}

/** With more columns their words and figures stand closer together, so that all fit a screen of 1,280 px. */
const MOST_WIDE_COLUMNS = 9

/** A plain table of figures that scrolls within its card, its header (and foot) staying in sight. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  hasTotals = false,
  keepsFirstColumn = false,
  rowProps,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  sort?: TableSort | undefined
  /** A column pressed for the first time shows its largest first. */
  onSort?: (sort: TableSort) => void
  /** A last row with the `total` of each column. */
  hasTotals?: boolean
  /** The first column stays in sight while the others scroll sideways. */
  keepsFirstColumn?: boolean
  /** For rows that can be chosen and moved to by keys. */
  rowProps?: (row: Row) => ComponentProps<'tr'>
}) {
  const isTight = columns.length > MOST_WIDE_COLUMNS
  const gap = isTight ? 'pl-2' : 'pl-3'
  const first = keepsFirstColumn ? 'first:sticky first:left-0 first:bg-panel' : ''
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would say that this is a form
    <div role="region" aria-label={caption} tabIndex={0} className="min-h-0 grow overflow-auto">
      <table className="w-full border-separate border-spacing-0 text-xs">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <th
                key={column.key}
                scope="col"
                aria-sort={ariaSort(column, sort)}
                className={classNames(
                  // Its words wrap before a column of figures is pushed out of sight.
                  'sticky top-0 z-10 border-b border-line bg-panel pb-2 align-bottom text-2xs font-normal text-muted first:pl-0',
                  gap,
                  column.align === 'left' ? 'text-left' : 'text-right',
                  keepsFirstColumn && 'first:left-0 first:z-20',
                  column.className,
                )}
              >
                {column.isSortable && onSort ? (
                  <SortButton column={column} sort={sort} onSort={onSort} isTight={isTight} />
                ) : (
                  column.header
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={rowKey(row)} {...rowProps?.(row)}>
              {columns.map(column => (
                <td
                  key={column.key}
                  className={classNames(
                    'border-b border-line py-1.5 whitespace-nowrap first:pl-0',
                    gap,
                    column.align === 'left' ? 'text-left' : 'text-right',
                    first,
                    column.className,
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {hasTotals ? (
          <tfoot>
            <tr>
              {columns.map((column, index) => {
                const look = classNames(
                  'sticky bottom-0 border-t border-line bg-panel py-1.5 font-medium whitespace-nowrap first:pl-0',
                  gap,
                  column.align === 'left' ? 'text-left' : 'text-right',
                  keepsFirstColumn && 'first:left-0 first:z-10',
                  column.className,
                )
                return index === 0 ? (
                  <th key={column.key} scope="row" className={look}>
                    {column.total}
                  </th>
                ) : (
                  <td key={column.key} className={look}>
                    {column.total}
                  </td>
                )
              })}
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  )
}

/** Asks for the next page of rows, as long as there is one. */
export function ShowMore({
  query,
  className,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> }
  className?: string
}) {
  if (!query.hasNextPage) return null
  return (
    <Button
      className={className}
      disabled={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {query.isFetchingNextPage ? 'Loading' : 'Show more'}
    </Button>
  )
}

function SortButton<Row>({
  column,
  sort,
  onSort,
  isTight,
}: {
  column: Column<Row>
  sort: TableSort | undefined
  onSort: (sort: TableSort) => void
  /** Its sign stands above its words. */
  isTight: boolean
}) {
  const isSorted = sort?.by === column.key
  const Icon = !isSorted ? ChevronsUpDown : sort.descending ? ArrowDown : ArrowUp
  return (
    <button
      type="button"
      onClick={() => onSort({ by: column.key, descending: isSorted ? !sort.descending : true })}
      className={classNames(
        'inline-flex gap-1 rounded hover:text-text pointer-coarse:min-h-11',
        isTight ? 'flex-col-reverse gap-y-0.5' : 'items-center',
        column.align === 'left' ? 'text-left' : 'text-right',
        isTight && (column.align === 'left' ? 'items-start' : 'items-end'),
        isSorted && 'font-medium text-text',
      )}
    >
      {column.header}
      <Icon className={classNames('size-3 shrink-0', isSorted ? '' : 'opacity-60')} />
    </button>
  )
}

function ariaSort<Row>({ key, isSortable }: Column<Row>, sort: TableSort | undefined) {
  if (!isSortable || sort?.by !== key) return undefined
  return sort.descending ? 'descending' : 'ascending'
}
