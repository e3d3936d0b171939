import type { ReactNode } from 'react'
import { classNames } from '#app/ui/class-names.ts'

export interface Column<Row> {
  key: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** Text is left-aligned; numbers, the rule, are right-aligned. */
  align?: 'left' | 'right'
  className?: string
}

/** A plain table of figures that scrolls within its card, its header staying in sight. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
}) {
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
                className={classNames(
                  'sticky top-0 border-b border-line bg-panel pb-2 pl-3 text-2xs font-normal whitespace-nowrap text-muted first:pl-0',
                  column.align === 'left' ? 'text-left' : 'text-right',
                  column.className,
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={rowKey(row)}>
              {columns.map(column => (
                <td
                  key={column.key}
                  className={classNames(
                    'border-b border-line py-1.5 pl-3 whitespace-nowrap first:pl-0',
                    column.align === 'left' ? 'text-left' : 'text-right',
                    column.className,
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
