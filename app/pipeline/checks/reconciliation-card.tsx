import { useMutation, useQuery } from '@tanstack/react-query'
import { Check, TriangleAlert } from 'lucide-react'
import { formatDate, formatDayRange } from '#app/format/day.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { RunStateChip } from '#app/pipeline/state-marks.tsx'
import { findingsText } from '#app/side-by-side/pairs.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { addDays } from '#domain/calendar.ts'
import { formatInstant } from '#domain/instant.ts'

type Reconciliations = RouterOutputs['pipeline']['reconciliations']
type Witnesses = RouterOutputs['pipeline']['witnesses']
type Compared = NonNullable<Reconciliations['total']>

const CHECK_MS = 30_000

/** Stream against batch, figure by figure: what was compared, and that nothing is left unexplained. */
export function ReconciliationCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.reconciliations.queryOptions(), refetchInterval: CHECK_MS })
  const witnesses = useQuery({ ...trpc.pipeline.witnesses.queryOptions(), refetchInterval: CHECK_MS })
  const now = useServerNow(query)
  return (
    <Card title="Reconciliation" note="stream − batch, every difference with its cause" actions={<RunNow />}>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-80" />}
        isEmpty={({ runs, total }) => runs.length === 0 && total === null}
        empty={
          <EmptyState
            what="Nothing has been reconciled yet."
            advice="The jobs process does it after every tick that changed figures; or by hand:"
            command="npm run reconcile -- --from YYYY-MM-DD --to YYYY-MM-DD"
          />
        }
      >
        {data => (
          <>
            <Verdict witnesses={witnesses.data} />
            {witnesses.data?.heldByArchive ? <HeldByArchive held={witnesses.data.heldByArchive} /> : null}
            {data.total ? <Total total={data.total} /> : null}
            {data.runs.length === 0 ? (
              <p className="text-2xs text-muted">
                Compared by the seeder or by hand; the jobs process does it after each tick that changed
                figures.
              </p>
            ) : (
              <div className="flex max-h-80 flex-col">
                <RunsTable data={data} now={now ?? data.now} />
              </div>
            )}
          </>
        )}
      </CardContent>
    </Card>
  )
}

/** Unexplained is 0 only when every witness says so, of everything. Otherwise what was found, store by store. */
function Verdict({ witnesses }: { witnesses: Witnesses | undefined }) {
  if (!witnesses) return <Skeleton className="mb-2 h-5 w-48" />
  const { verdict, unexplained, findings, storeDaysNotCompared, failure } = witnesses
  if (verdict === 'agree') {
    return (
      <p className="mb-2 flex flex-wrap items-center gap-2 text-xs">
        <Chip tone="good">
          <Check className="size-3" />
          unexplained 0
        </Chip>
        All witnesses agree.
      </p>
    )
  }
  const lines = [
    ...unexplained.map(({ store, figures }) => `${store}: ${plural(figures, 'figure')} unexplained`),
    ...findingsText(findings, store => store),
    ...(storeDaysNotCompared > 0 ? [`${plural(storeDaysNotCompared, 'store-day')} not compared yet`] : []),
    ...(failure === null ? [] : [`The newest run failed: ${failure}`]),
  ]
  return (
    <div className="mb-2 text-xs">
      {verdict === 'found' ? (
        <Chip tone="bad">
          <TriangleAlert className="size-3" />
          the witnesses do not agree
        </Chip>
      ) : (
        <Chip>{verdict === 'never' ? 'not compared yet' : 'compared in part'}</Chip>
      )}
      <ul className="mt-1.5">
        {lines.map(line => (
          <li key={line} className="wrap-anywhere">
            {line}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** What no audit reads any more. */
function HeldByArchive({ held }: { held: NonNullable<Witnesses['heldByArchive']> }) {
  const { first, last, entries, readBackAt } = held
  return (
    <p className="mb-2 text-xs">
      Rows of what was appended {formatDayRange(first, last)} are not audited: the log has dropped it, and{' '}
      {plural(entries, 'entry', 'entries')} are held by the archive’s checksums alone
      {readBackAt === null
        ? ''
        : `, each file read back on ${formatDate(formatInstant(readBackAt).slice(0, 10))} or later`}
      .
    </p>
  )
}

function Total({ total: { from, to, figures, differing, explained, unexplained } }: { total: Compared }) {
  return (
    <p className="mb-3 text-xs text-muted">
      {formatCount(figures)} figures of {formatDayRange(from, to)} as last compared: {formatCount(differing)}{' '}
      differ, {formatCount(explained)} explained, {formatCount(unexplained)} not.
    </p>
  )
}

function RunsTable({ data: { runs }, now }: { data: Reconciliations; now: number }) {
  return (
    <DataTable
      caption="Reconciliations, newest first"
      rows={runs}
      rowKey={({ runId }) => String(runId)}
      columns={[
        { key: 'run', header: 'Run', cell: run => formatCount(run.runId) },
        { key: 'state', header: 'State', align: 'left', cell: run => <RunStateChip state={run.state} /> },
        { key: 'at', header: 'Started', cell: run => <Ago at={run.startedAt} now={now} /> },
        {
          key: 'took',
          header: 'Took',
          cell: run => (run.finishedAt === null ? '–' : formatLag(run.finishedAt - run.startedAt)),
        },
        { key: 'figures', header: 'Figures', cell: run => formatCount(run.standing?.figures) },
        { key: 'differing', header: 'Differ', cell: run => formatCount(run.standing?.differing) },
        { key: 'explained', header: 'Explained', cell: run => formatCount(run.standing?.explained) },
        { key: 'unexplained', header: 'Unexplained', cell: run => formatCount(run.standing?.unexplained) },
        { key: 'findings', header: 'Findings', cell: run => formatCount(run.findings) },
        {
          key: 'why',
          header: 'Range and cause, or what was found',
          align: 'left',
          cell: run => (
            <span className={run.error ? 'block min-w-64 whitespace-normal text-bad' : ''}>
              {run.error ?? run.reason ?? ''}
              {run.standing === null && run.state === 'succeeded' ? ' (compared again since)' : ''}
            </span>
          ),
        },
      ]}
    />
  )
}

/** Asks the jobs process to compare every day of the log, a year at most. */
function RunNow() {
  const trpc = useTRPC()
  const requests = useQuery(trpc.pipeline.jobs.requests.queryOptions())
  const request = useMutation(trpc.pipeline.jobs.request.mutationOptions())
  const range = requests.data?.range
  const asked = request.data
    ? requests.data?.requests.find(({ request: number }) => number === request.data)
    : undefined
  return (
    <>
      <OutcomeLine
        done={request.data ? `Request ${formatCount(request.data)} ${asked?.state ?? 'is placed'}` : null}
        failed={request.error ? failureText(request.error) : null}
      />
      <Button
        disabled={!range || request.isPending}
        onClick={() =>
          range && request.mutate({ job: 'reconciliation', from: lastMonths(range), to: range.to })
        }
      >
        Reconcile now
      </Button>
    </>
  )
}

const REACH_DAYS = 60

function lastMonths({ from, to }: { from: string; to: string }): string {
  const earliest = addDays(to, 1 - REACH_DAYS)
  return earliest < from ? from : earliest
}
