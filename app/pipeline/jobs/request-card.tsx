import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { formatDayRange } from '#app/format/day.ts'
import { formatCount } from '#app/format/number.ts'
import { formatAge, formatLag } from '#app/format/time.ts'
import { RunStateChip } from '#app/pipeline/state-marks.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, Note, OutcomeLine, SelectField, TextField } from '#app/ui/form.tsx'

type Requests = RouterOutputs['pipeline']['jobs']['requests']

const REQUESTS_MS = 5_000
/** The schedule beats every ten seconds. */
const SILENT_MS = 30_000

/** Asks the jobs process for a run over a range of days, and shows what became of it. */
export function RequestCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.jobs.requests.queryOptions(), refetchInterval: REQUESTS_MS })
  const now = useServerNow(query)
  return (
    <Card title="Run and backfill" note={rangeText(query.data?.range ?? null)}>
      <CardContent query={query} skeleton={<Skeleton className="h-56" />}>
        {data => (
          <>
            <Liveness heartbeatAt={data.heartbeatAt} now={now ?? data.now} />
            <RequestForm range={data.range} />
            <RequestTable requests={data.requests} now={now ?? data.now} />
          </>
        )}
      </CardContent>
    </Card>
  )
}

function Liveness({ heartbeatAt, now }: { heartbeatAt: number | null; now: number }) {
  if (heartbeatAt !== null && now - heartbeatAt <= SILENT_MS) return null
  return (
    <Note command="npm start -- jobs">
      {heartbeatAt === null
        ? 'No jobs process has run yet: a request waits until one does.'
        : `No jobs process runs: the last was heard of ${formatAge(now - heartbeatAt)} ago. A request waits until one does.`}
    </Note>
  )
}

function RequestForm({ range }: { range: Requests['range'] }) {
  const trpc = useTRPC()
  const list = useQuery({ ...trpc.pipeline.jobs.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY })
  const [job, setJob] = useState('all')
  // Null: the newest day of the log, whichever that is by then.
  const [from, setFrom] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const request = useMutation(trpc.pipeline.jobs.request.mutationOptions())
  const jobs = list.data?.jobs ?? []
  const takesRange = job === list.data?.all || (jobs.find(entry => entry.job === job)?.takesRange ?? true)
  const firstDay = from ?? range?.to ?? ''
  const lastDay = to ?? range?.to ?? ''

  const day = {
    type: 'date',
    required: takesRange,
    disabled: !takesRange || range === null,
    max: range?.to,
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    request.mutate(takesRange ? { job, from: firstDay, to: lastDay } : { job })
  }

  return (
    <form onSubmit={submit} aria-label="Run a job" className="mb-3 grid gap-2">
      <div className="grid items-end gap-2 sm:grid-cols-[minmax(0,16rem)_auto_auto_auto] sm:justify-start">
        <SelectField
          label="Job"
          value={job}
          onChange={setJob}
          options={[
            [list.data?.all ?? 'all', 'all reports'],
            ...jobs.map(entry => [entry.job, entry.job] as const),
          ]}
        />
        <Field label="First day">
          <TextField
            {...day}
            min={range?.from}
            value={takesRange ? firstDay : ''}
            onChange={({ target }) => setFrom(target.value)}
          />
        </Field>
        <Field label="Last day, included">
          <TextField
            {...day}
            min={firstDay || range?.from}
            value={takesRange ? lastDay : ''}
            onChange={({ target }) => setTo(target.value)}
          />
        </Field>
        <Button type="submit" disabled={request.isPending || (takesRange && range === null)}>
          {firstDay === lastDay || !takesRange ? 'Run' : 'Backfill'}
        </Button>
      </div>
      <OutcomeLine
        done={request.data === undefined ? null : `Request ${formatCount(request.data)} is placed.`}
        failed={request.error ? failureText(request.error) : null}
      />
    </form>
  )
}

function rangeText(range: Requests['range']): string | null {
  return range === null
    ? null
    : `the log holds ${formatDayRange(range.from, range.to)}; both ends are included`
}

function RequestTable({ requests, now }: { requests: Requests['requests']; now: number }) {
  if (requests.length === 0)
    return (
      <EmptyState
        what="Nothing has been asked for yet."
        advice="What you ask for shows here, with what came of it."
      />
    )
  return (
    <div className="flex max-h-72 flex-col">
      <DataTable
        caption="Requests, newest first"
        rows={requests}
        rowKey={({ request }) => String(request)}
        columns={[
          { key: 'request', header: 'Request', cell: row => formatCount(row.request) },
          {
            key: 'job',
            header: 'Job',
            align: 'left',
            cell: row => (row.job === 'all' ? 'all reports' : row.job),
          },
          {
            key: 'range',
            header: 'Days',
            align: 'left',
            cell: row => (row.from && row.to ? formatDayRange(row.from, row.to) : '–'),
          },
          { key: 'state', header: 'State', align: 'left', cell: row => <RunStateChip state={row.state} /> },
          { key: 'asked', header: 'Asked', cell: row => `${formatAge(now - row.requestedAt)} ago` },
          { key: 'took', header: 'Took', cell: row => tookText(row, now) },
          {
            key: 'detail',
            header: 'What came of it',
            align: 'left',
            cell: row => (
              <span
                className={
                  row.state === 'failed'
                    ? 'block min-w-56 whitespace-normal text-bad'
                    : 'block min-w-40 whitespace-normal'
                }
              >
                {row.detail ?? (row.state === 'requested' ? 'waits for the jobs process' : '')}
              </span>
            ),
          },
        ]}
      />
    </div>
  )
}

function tookText({ startedAt, endedAt }: Requests['requests'][number], now: number): string {
  if (startedAt === null) return '–'
  return endedAt === null ? `${formatAge(now - startedAt)} so far` : formatLag(endedAt - startedAt)
}
