'use client'

import { Fragment } from 'react'
import { formatDate, formatDay, formatShortDay } from '#app/format/day.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { StackedDay } from '#app/pipeline/stacked-day.tsx'
import { Legend, RunStateChip, SLOT_MARKS, type SlotState, StateMark } from '#app/pipeline/state-marks.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import type { CellShown } from './cell-dialog.tsx'
import { DayColumns } from './day-columns.tsx'

type Grid = RouterOutputs['pipeline']['jobs']['grid']
type Row = Grid['rows'][number]
type Grain = Row['grain']

const MARKS = Object.values(SLOT_MARKS)

/** Jobs by their recent periods. Every cell opens the runs behind it. */
export function JobGrid({ grid, onOpen }: { grid: Grid; onOpen: (cell: CellShown) => void }) {
  return (
    <div className="grid gap-4">
      <Legend marks={MARKS} />
      <div className="grid min-w-0 gap-x-10 gap-y-4 xl:grid-cols-[auto_minmax(0,1fr)]">
        <PeriodTable caption="Daily jobs by business day" grid={grid} grain="day" onOpen={onOpen} />
        <div className="grid min-w-0 content-start gap-4">
          <PeriodTable caption="Weekly jobs by week" grid={grid} grain="week" onOpen={onOpen} />
          <PeriodTable caption="Monthly jobs by month" grid={grid} grain="month" onOpen={onOpen} />
        </div>
      </div>
      <OtherJobs grid={grid} />
    </div>
  )
}

/** A job's name, which may break after its underscores and nowhere else. */
function BreakableName({ name }: { name: string }) {
  return name.split('_').map((part, index) => (
    <Fragment key={part}>
      {index > 0 ? (
        <>
          _<wbr />
        </>
      ) : null}
      {part}
    </Fragment>
  ))
}

function PeriodTable({
  caption,
  grid,
  grain,
  onOpen,
}: {
  caption: string
  grid: Grid
  grain: Grain
  onOpen: (cell: CellShown) => void
}) {
  const periods = grid[`${grain}s`]
  const rows = grid.rows.filter(row => row.grain === grain)
  return (
    <DayColumns label={caption} className="self-start">
      <table className="border-separate border-spacing-0 text-xs">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky left-0 z-10 bg-panel pr-3 pb-1.5 text-left text-2xs font-normal text-muted"
            >
              {HEADINGS[grain]}
            </th>
            {periods.map(period => (
              <th
                key={period}
                scope="col"
                className="px-0.5 pb-1.5 text-center text-2xs font-normal whitespace-nowrap text-muted"
              >
                {grain === 'day' ? <StackedDay day={period} /> : headerOf(grain, period)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.job}>
              <th
                scope="row"
                title={row.summary}
                className="sticky left-0 z-10 border-t border-line bg-panel py-1 pr-3 text-left font-normal whitespace-nowrap max-sm:min-w-24 max-sm:whitespace-normal"
              >
                <BreakableName name={row.job} />
              </th>
              {periods.map(period => (
                <td key={period} className="border-t border-line px-0.5 py-1 text-center">
                  <Cell row={row} period={period} onOpen={onOpen} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </DayColumns>
  )
}

const HEADINGS: Record<Grain, string> = { day: 'By day', week: 'By week, from Monday', month: 'By month' }

function headerOf(grain: Grain, period: string): string {
  return grain === 'month' ? formatDate(period).replace(/^\d+ /, '') : formatShortDay(period)
}

function Cell({ row, period, onOpen }: { row: Row; period: string; onOpen: (cell: CellShown) => void }) {
  const cell = row.cells.find(entry => entry.period === period)
  if (!cell) return <span className="text-muted">·</span>
  const { text } = SLOT_MARKS[cell.state]
  const name = `${row.job}, ${row.grain === 'month' ? headerOf('month', period) : formatDay(period)}: ${text}`
  return (
    <button
      type="button"
      title={`${name} (${storesText(cell.stores)})`}
      aria-label={name}
      onClick={() => onOpen({ job: row.job, grain: row.grain, period })}
      className="inline-flex min-h-7 min-w-7 items-center justify-center rounded-md hover:bg-faint pointer-coarse:min-h-9 pointer-coarse:min-w-9"
    >
      <StateMark mark={SLOT_MARKS[cell.state]} />
    </button>
  )
}

function storesText(stores: Partial<Record<SlotState, number>>): string {
  return (Object.entries(stores) as [SlotState, number][])
    .map(([state, count]) => `${plural(count, 'store')} ${SLOT_MARKS[state].text}`)
    .join(', ')
}

/** Jobs that fill no report have no periods: what each did last. */
function OtherJobs({ grid: { others, now } }: { grid: Grid }) {
  return (
    <DataTable
      caption="Jobs that fill no report, and their last run"
      rows={others}
      rowKey={({ job }) => job}
      columns={[
        {
          key: 'job',
          header: 'Without a report',
          align: 'left',
          cell: ({ job, summary }) => <span title={summary}>{job}</span>,
        },
        {
          key: 'state',
          header: 'Last run',
          align: 'left',
          cell: ({ last }) => (last ? <RunStateChip state={last.state} /> : 'never'),
        },
        { key: 'run', header: 'Run', cell: ({ last }) => (last ? formatCount(last.runId) : '') },
        {
          key: 'at',
          header: 'Started',
          cell: ({ last }) => (last ? `${formatAge(now - last.startedAt)} ago` : ''),
        },
        {
          key: 'why',
          header: 'Why, or what went wrong',
          align: 'left',
          cell: ({ last }) => <span className="whitespace-normal">{last?.error ?? last?.reason ?? ''}</span>,
        },
      ]}
    />
  )
}
