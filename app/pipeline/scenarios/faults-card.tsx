import { useMutation, useQuery } from '@tanstack/react-query'
import { RotateCcw, Snowflake, Zap } from 'lucide-react'
import { ActorField, useActor } from '#app/controls/actor.tsx'
import { plural } from '#app/format/number.ts'
import { formatLag } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Board = RouterOutputs['pipeline']['faults']['board']
type Fault = Board['faults'][number]
type Run = Board['runs'][number]

/** While one is under way its end is looked for often. */
const UNDER_WAY_MS = 1_000
const QUIET_MS = 5_000

/** Breaks processes on purpose, and tells what followed. In the demo alone: its supervisor starts again what it breaks. */
export function FaultsCard() {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.pipeline.faults.board.queryOptions(),
    refetchInterval: ({ state: { data } }) => (data && underWay(data) ? UNDER_WAY_MS : QUIET_MS),
  })
  const now = useServerNow(query)
  return (
    <Card title="Faults" note="break a process, and see that nothing is lost and nothing counted twice">
      <CardContent query={query} skeleton={<Skeleton className="h-56" />}>
        {board => (
          <>
            {board.faults.length > 0 ? <FaultDesk board={board} /> : <WhyNot board={board} />}
            {board.runs.length > 0 ? <FaultTable runs={board.runs} now={now ?? board.now} /> : null}
          </>
        )}
      </CardContent>
    </Card>
  )
}

function underWay({ runs }: Board): Run | undefined {
  return runs.find(({ state }) => state === 'requested' || state === 'running')
}

function WhyNot({ board: { supervisorBeatAt } }: { board: Board }) {
  return (
    <p className="mb-3 max-w-prose text-xs text-muted">
      {supervisorBeatAt === null
        ? 'There are no buttons here: only the demo (npm run demo) may break its processes, since its supervisor starts them again.'
        : 'There are no buttons now: the demo’s supervisor, which would start again what is broken, has not been heard of.'}
    </p>
  )
}

function FaultDesk({ board }: { board: Board }) {
  const trpc = useTRPC()
  const by = useActor()
  const request = useMutation(trpc.pipeline.faults.request.mutationOptions())
  const replay = useMutation(trpc.pipeline.replays.request.mutationOptions())
  const current = underWay(board)
  const isBusy = current !== undefined || request.isPending
  const failure = request.error ?? replay.error
  return (
    <>
      <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
        {board.faults.map(fault => (
          <li key={fault.name} className="flex flex-col gap-2 rounded-card border border-line p-3">
            <p className="text-xs">{fault.description}</p>
            <p className="text-2xs text-muted">{fault.expected}</p>
            <Button
              className="mt-auto self-start"
              disabled={isBusy}
              onClick={() => {
                replay.reset()
                request.mutate({ name: fault.name, by })
              }}
            >
              <FaultIcon kind={fault.kind} />
              {fault.title}
            </Button>
          </li>
        ))}
        <li className="flex flex-col gap-2 rounded-card border border-line p-3">
          <p className="text-xs">The stream’s tables are built again from offset 0, beside those of now.</p>
          <p className="text-2xs text-muted">
            The same figures and alerts; progress and record stand in the part Stream.
          </p>
          <ReplayOutcome />
          <Button
            className="mt-auto self-start"
            disabled={replay.isPending}
            onClick={() => {
              request.reset()
              replay.mutate({ kind: 'rebuild', acceptsDifferences: false, by })
            }}
          >
            <RotateCcw className="size-3.5" />
            Replay
          </Button>
        </li>
      </ul>
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1">
        <ActorField />
        <OutcomeLine
          done={doneText(request.data, replay.data)}
          failed={failure ? failureText(failure) : null}
        />
      </div>
      <p role="status" aria-label="The newest fault" className="my-2 min-h-5 text-xs">
        {board.runs[0] ? board.runs[0].sentence : 'Nothing has been broken yet.'}
      </p>
    </>
  )
}

/** What followed the newest replay. */
function ReplayOutcome() {
  const trpc = useTRPC()
  const { data } = useQuery({ ...trpc.pipeline.replays.board.queryOptions(), refetchInterval: QUIET_MS })
  const newest = data?.replays[0]
  if (!newest) return null
  const { replay, state, events, buildMs, differenceCount, detail } = newest
  const figures =
    events === null || buildMs === null
      ? null
      : `${plural(events, 'event')} in ${formatLag(buildMs)}, ${plural(differenceCount ?? 0, 'difference')}`
  return (
    <p role="status" aria-label="The newest replay" className="text-2xs">
      Replay {replay}: {[figures, state, detail].filter(Boolean).join(', ')}
    </p>
  )
}

function doneText(fault: number | undefined, replay: number | undefined): string | null {
  if (replay !== undefined) return `Replay ${replay} is asked for.`
  return fault === undefined ? null : 'It is asked for.'
}

function FaultIcon({ kind }: { kind: Fault['kind'] }) {
  const Icon = { kill: Zap, freeze: Snowflake, restart: RotateCcw }[kind]
  return <Icon className="size-3.5" />
}

function FaultTable({ runs, now }: { runs: readonly Run[]; now: number }) {
  return (
    <DataTable
      caption="Faults and what followed, newest first"
      rows={runs}
      rowKey={({ fault }) => String(fault)}
      columns={[
        { key: 'what', header: 'What', align: 'left', cell: row => row.title },
        {
          key: 'sentence',
          header: 'What followed',
          align: 'left',
          cell: row => <span className="block min-w-44 whitespace-normal wrap-anywhere">{row.sentence}</span>,
        },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <Chip tone={toneOf(row)}>{row.state}</Chip>,
        },
        { key: 'asked', header: 'Asked', cell: row => <Ago at={row.requestedAt} now={now} /> },
        { key: 'by', header: 'By', align: 'left', cell: row => row.askedBy ?? 'no name given' },
      ]}
    />
  )
}

function toneOf({ state, isWrong }: Run): 'good' | 'bad' | 'plain' {
  if (state === 'failed' || isWrong) return 'bad'
  return state === 'recovered' ? 'good' : 'plain'
}
