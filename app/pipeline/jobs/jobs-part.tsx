import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { formatDay, formatMonth, formatShortDay } from '#app/format/day.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { CellDialog, type CellShown } from '#app/pipeline/jobs/cell-dialog.tsx'
import { LedgerCard } from '#app/pipeline/jobs/ledger-card.tsx'
import { RequestCard } from '#app/pipeline/jobs/request-card.tsx'
import { PeriodGrid } from '#app/pipeline/period-grid.tsx'
import { Legend, RunStateChip, SLOT_MARKS, type SlotState } from '#app/pipeline/state-marks.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'

/** What runs end is pushed; in between a day may become outdated or due. */
const GRID_MS = 15_000

/** The batch path: what ran, what is to run, and how to ask for a run. */
export function JobsPart() {
  const trpc = useTRPC()
  const grid = useQuery({ ...trpc.pipeline.jobs.grid.queryOptions(), refetchInterval: GRID_MS })
  const [shown, setShown] = useState<CellShown | null>(null)
  return (
    <>
      <Card title="Jobs by period" note="each cell over all stores: the worst of them">
        <CardContent
          query={grid}
          skeleton={<Skeleton className="h-[34rem]" />}
          isEmpty={({ days }) => days.length === 0}
          empty={
            <EmptyState
              what="The batch path has not read the log yet."
              advice="It does so at the next tick of its schedule, which a jobs process keeps:"
              command="npm start -- jobs"
            />
          }
        >
          {data => <JobGrid grid={data} onOpen={setShown} />}
        </CardContent>
      </Card>
      <RequestCard />
      <LedgerCard />
      <CellDialog shown={shown} onClose={() => setShown(null)} />
    </>
  )
}

type Grid = RouterOutputs['pipeline']['jobs']['grid']
type Grain = Grid['rows'][number]['grain']

const MARKS = Object.values(SLOT_MARKS)

/** Jobs by their recent periods. Every cell opens the runs behind it. */
function JobGrid({ grid, onOpen }: { grid: Grid; onOpen: (cell: CellShown) => void }) {
  const ofGrain = (grain: Grain) => ({ grain, grid, onOpen })
  return (
    <div className="grid gap-4">
      <Legend marks={MARKS} />
      <div className="grid min-w-0 gap-x-10 gap-y-4 xl:grid-cols-[auto_minmax(0,1fr)]">
        <GrainGrid caption="Daily jobs by business day" heading="By day" {...ofGrain('day')} />
        <div className="grid min-w-0 content-start gap-4">
          <GrainGrid caption="Weekly jobs by week" heading="By week, from Monday" {...ofGrain('week')} />
          <GrainGrid caption="Monthly jobs by month" heading="By month" {...ofGrain('month')} />
        </div>
      </div>
      <OtherJobs grid={grid} />
    </div>
  )
}

function GrainGrid({
  caption,
  heading,
  grain,
  grid,
  onOpen,
}: {
  caption: string
  heading: string
  grain: Grain
  grid: Grid
  onOpen: (cell: CellShown) => void
}) {
  return (
    <PeriodGrid
      caption={caption}
      heading={heading}
      periods={grid[`${grain}s`]}
      {...(grain === 'day' ? {} : { headerOf: grain === 'month' ? formatMonth : formatShortDay })}
      className="self-start"
      nameClass="max-sm:min-w-24"
      rows={grid.rows
        .filter(row => row.grain === grain)
        .map(({ job, summary, cells }) => ({
          key: job,
          name: <BreakableName name={job} />,
          title: summary,
          cellOf(period) {
            const cell = cells.find(entry => entry.period === period)
            if (!cell) return null
            const mark = SLOT_MARKS[cell.state]
            return {
              mark,
              name: `${job}, ${grain === 'month' ? formatMonth(period) : formatDay(period)}: ${mark.text}`,
              detail: storesText(cell.stores),
              onOpen: () => onOpen({ job, grain, period }),
            }
          },
        }))}
    />
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
          cell: ({ last }) => (last ? <RunStateChip state={last.state} /> : 'no run of this job yet'),
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
          cell: ({ last, runs }) => (
            <span className="whitespace-normal">
              {last ? (last.error ?? last.reason ?? '') : `runs ${runs}`}
            </span>
          ),
        },
      ]}
    />
  )
}
