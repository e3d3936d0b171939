import { formatDate } from '#app/format/day.ts'
import { figureText } from '#app/reports/figure-text.ts'
import { plainTitle, rowNameOf } from '#app/reports/row-title.tsx'
import type { Report } from '#app/trpc/router-outputs.ts'
import { FIGURES } from '#domain/report-views.ts'

/** The rows of the table's page as bars of the chosen figure, in the table's order. */
export function RankingBars({
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
