import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { formatDate } from '#app/format/day.ts'
import { formatCount } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import { Moment } from '#app/pipeline/moment.tsx'
import { RunStateChip } from '#app/pipeline/state-marks.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { useNow } from '#app/ui/clock.ts'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { SelectField } from '#app/ui/form.tsx'
import { pipelineState } from '#app/url-state.ts'

const STATES = ['running', 'succeeded', 'failed', 'abandoned'] as const

/** Every attempt, newest first. The filter is in the address: a link shows what its sender saw. */
export function LedgerCard() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const list = useQuery({ ...trpc.pipeline.jobs.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY })
  const [filter, setFilter] = useQueryStates({ job: pipelineState.job, state: pipelineState.state })
  const job = filter.job ?? undefined
  const state = STATES.find(known => known === filter.state)
  const now = useNow()
  const query = useInfiniteQuery({
    queryKey: [...trpc.pipeline.jobs.runs.pathKey(), { job, state }],
    queryFn: ({ pageParam, signal }) =>
      client.pipeline.jobs.runs.query({ job, state, cursor: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
    // Pages of a ledger that grows would shift while one reads.
    meta: { holdsStill: true },
  })
  return (
    <Card
      title="Ledger"
      note="every attempt, newest first"
      actions={<Button onClick={() => void query.refetch()}>Read anew</Button>}
    >
      <div className="mb-3 grid gap-2 sm:grid-cols-[minmax(0,16rem)_minmax(0,12rem)]">
        <SelectField
          label="Job"
          value={job ?? ''}
          onChange={chosen => void setFilter({ job: chosen || null })}
          options={[
            ['', 'every job'],
            ...(list.data?.jobs ?? []).map(entry => [entry.job, entry.job] as const),
          ]}
        />
        <SelectField
          label="State"
          value={state ?? ''}
          onChange={chosen => void setFilter({ state: chosen || null })}
          options={[['', 'every state'], ...STATES.map(name => [name, name] as const)]}
        />
      </div>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ pages }) => pages.every(page => page.runs.length === 0)}
        empty={
          <EmptyState
            what="No run in the ledger."
            advice="None at all yet, or none that the filter lets through."
          />
        }
      >
        {({ pages }) => (
          <>
            <div className="flex max-h-[28rem] flex-col">
              <RunTable caption="Ledger" runs={pages.flatMap(page => page.runs)} now={now} />
            </div>
            <ShowMore query={query} className="mt-3 self-start" />
          </>
        )}
      </CardContent>
    </Card>
  )
}

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
        { key: 'started', header: 'Started', cell: run => <Moment at={run.startedAt} now={now} /> },
        {
          key: 'duration',
          header: 'Took',
          cell: run => (run.finishedAt === null ? '–' : formatLag(run.finishedAt - run.startedAt)),
        },
        { key: 'rows', header: 'Rows', cell: run => formatCount(run.rowCount) },
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
            <span className={classNames('block min-w-56 whitespace-normal', run.error && 'text-bad')}>
              {run.error ?? run.reason ?? ''}
            </span>
          ),
        },
      ]}
    />
  )
}
