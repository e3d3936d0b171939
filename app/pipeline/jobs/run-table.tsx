'use client'

import { formatDate } from '#app/format/day.ts'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment, formatMoment, formatTime } from '#app/format/time.ts'
import { formatLag } from '#app/pipeline/overview/flow-nodes.ts'
import { RunStateChip } from '#app/pipeline/state-marks.tsx'
import { PIPELINE_ZONE } from '#app/pipeline/zone.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { DataTable } from '#app/ui/data-table.tsx'

type Run = RouterOutputs['pipeline']['jobs']['runs']['runs'][number]

/** Attempts as the ledger has them. */
export function RunTable({
  caption,
  runs,
  now,
  showsJob = true,
}: {
  caption: string
  runs: readonly Run[]
  now: number | null
  showsJob?: boolean
}) {
  return (
    <DataTable
      caption={caption}
      rows={runs}
      rowKey={({ runId }) => String(runId)}
      columns={[
        { key: 'run', header: 'Run', cell: run => formatCount(run.runId) },
        ...(showsJob
          ? [
              { key: 'job', header: 'Job', align: 'left' as const, cell: (run: Run) => run.job },
              { key: 'period', header: 'Period', cell: (run: Run) => formatDate(run.period) },
            ]
          : []),
        { key: 'store', header: 'Store', align: 'left', cell: run => run.store },
        { key: 'state', header: 'State', align: 'left', cell: run => <RunStateChip state={run.state} /> },
        {
          key: 'started',
          header: 'Started',
          cell: run => (
            <span title={formatFullMoment(run.startedAt, PIPELINE_ZONE)}>
              {startText(run.startedAt, now)}
            </span>
          ),
        },
        {
          key: 'duration',
          header: 'Took',
          cell: run => (run.finishedAt === null ? '–' : formatLag(run.finishedAt - run.startedAt)),
        },
        {
          key: 'rows',
          header: 'Rows',
          cell: run => (run.rowCount === null ? '–' : formatCount(run.rowCount)),
        },
        {
          key: 'offset',
          header: 'Read through',
          cell: run =>
            run.throughOffset === null ? '–' : `${run.partition}: ${formatCount(run.throughOffset)}`,
        },
        {
          key: 'checksum',
          header: 'Checksum',
          align: 'left',
          cell: run => (
            <span title={run.checksum ?? undefined} className="font-mono text-2xs">
              {run.checksum ? run.checksum.slice(0, 8) : '–'}
            </span>
          ),
        },
        { key: 'attempt', header: 'Attempt', cell: run => run.attempt },
        { key: 'trigger', header: 'By', align: 'left', cell: run => run.trigger },
        {
          key: 'why',
          header: 'Why, or what went wrong',
          align: 'left',
          cell: run => (
            <span className={run.error ? 'block min-w-56 whitespace-normal text-bad' : ''}>
              {run.error ?? run.reason ?? ''}
            </span>
          ),
        },
      ]}
    />
  )
}

function startText(startedAt: number, now: number | null): string {
  const moment = formatMoment(startedAt, PIPELINE_ZONE, now ?? startedAt)
  return moment.includes(' ') ? moment : formatTime(startedAt, PIPELINE_ZONE, { seconds: true })
}
