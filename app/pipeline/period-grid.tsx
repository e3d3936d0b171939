import type { ReactNode } from 'react'
import { formatShortDay } from '#app/format/day.ts'
import { type MarkLook, StateMark } from '#app/pipeline/state-marks.tsx'
import { classNames } from '#app/ui/class-names.ts'

/** How a row was in a period, and what a press on it opens. */
export interface PeriodCell {
  mark: MarkLook
  name: string
  /** What the name leaves out, for a pointer. */
  detail: string
  onOpen: () => void
}

export interface PeriodRow {
  key: string
  name: ReactNode
  title?: string
  /** Null where there is nothing to tell. */
  cellOf: (period: string) => PeriodCell | null
}

/** Rows by period, oldest first, each cell a mark. Where not all columns fit, the newest show first. */
export function PeriodGrid({
  caption,
  heading,
  periods,
  headerOf = stackedDay,
  rows,
  nameClass,
  className,
}: {
  caption: string
  /** Of the rows. */
  heading: string
  periods: readonly string[]
  headerOf?: (period: string) => ReactNode
  rows: readonly PeriodRow[]
  nameClass: string
  className?: string
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would say that this is a form
    <div
      ref={scrollToNewest}
      role="region"
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
      tabIndex={0}
      className={classNames('min-w-0 overflow-x-auto', className)}
    >
      <table className="border-separate border-spacing-0 text-xs">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky left-0 z-10 bg-panel pr-3 pb-1.5 text-left text-2xs font-normal text-muted"
            >
              {heading}
            </th>
            {periods.map(period => (
              <th
                key={period}
                scope="col"
                className="px-1 pb-1.5 text-center text-2xs font-normal whitespace-nowrap text-muted"
              >
                {headerOf(period)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.key}>
              <th
                scope="row"
                title={row.title}
                className={classNames(
                  'sticky left-0 z-10 border-t border-line bg-panel py-1 pr-3 text-left font-normal whitespace-nowrap max-sm:whitespace-normal',
                  nameClass,
                )}
              >
                {row.name}
              </th>
              {periods.map(period => (
                <td key={period} className="border-t border-line px-0.5 py-1 text-center">
                  <Cell cell={row.cellOf(period)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ cell }: { cell: PeriodCell | null }) {
  if (!cell) return <span className="text-muted">·</span>
  const { mark, name, detail, onOpen } = cell
  return (
    <button
      type="button"
      title={`${name} (${detail})`}
      aria-label={name}
      onClick={onOpen}
      className="inline-flex min-h-7 min-w-7 items-center justify-center rounded-md hover:bg-faint pointer-coarse:min-h-9 pointer-coarse:min-w-9"
    >
      <StateMark mark={mark} />
    </button>
  )
}

function scrollToNewest(region: HTMLElement | null): void {
  if (region) region.scrollLeft = region.scrollWidth
}

/** A day for a narrow column, its date above its month: fourteen fit beside each other. */
function stackedDay(day: string): ReactNode {
  const [date, month] = formatShortDay(day).split(' ')
  return (
    <>
      <span className="block">{date}</span> <span className="block">{month}</span>
    </>
  )
}
