import { useMutation, useQuery } from '@tanstack/react-query'
import { Play, Square } from 'lucide-react'
import { useState } from 'react'
import { useActor } from '#app/controls/actor.tsx'
import { plural } from '#app/format/number.ts'
import { formatAge } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { FaultsCard } from '#app/pipeline/scenarios/faults-card.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { SegmentedControl } from '#app/ui/choice.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Note, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Board = RouterOutputs['pipeline']['scenarios']['board']
type Run = Board['runs'][number]
type Speed = Board['speed']['choices'][number]

const BOARD_MS = 5_000

/** Breaks things on purpose: what the simulators can play, and what both paths should show then. */
export function ScenariosPart() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.scenarios.board.queryOptions(), refetchInterval: BOARD_MS })
  const now = useServerNow(query)
  const start = useMutation(trpc.pipeline.scenarios.start.mutationOptions())
  const stop = useMutation(trpc.pipeline.scenarios.stop.mutationOptions())
  const setSpeed = useMutation(
    trpc.pipeline.scenarios.setSpeed.mutationOptions({ onSettled: () => query.refetch() }),
  )
  const by = useActor()
  const failure = start.error ?? stop.error ?? setSpeed.error
  return (
    <>
      <FaultsCard />
      <Card
        title="Scenarios"
        note={query.data ? <Simulators board={query.data} now={now ?? query.data.now} /> : null}
      >
        <CardContent query={query} skeleton={<Skeleton className="h-[40rem]" />}>
          {board => (
            <>
              {board.simulators?.isAlive ? null : (
                <Note command="npm run simulate">
                  {board.simulators === null
                    ? 'No simulators have run yet, so nothing can be played. Start them:'
                    : `No simulators run: the last were heard of ${formatAge((now ?? board.now) - board.simulators.beatAt)} ago. Start them:`}
                </Note>
              )}
              <OutcomeLine done={null} failed={failure ? failureText(failure) : null} />
              {board.simulators?.isAlive ? (
                <SpeedControl
                  board={board}
                  asked={setSpeed.isPending ? setSpeed.variables.speed : null}
                  onChange={speed => {
                    start.reset()
                    stop.reset()
                    setSpeed.mutate({ speed, by })
                  }}
                />
              ) : null}
              <ul className="grid gap-3 lg:grid-cols-2">
                {board.scenarios.map(scenario => (
                  <ScenarioItem
                    key={scenario.name}
                    scenario={scenario}
                    run={board.runs.find(
                      ({ scenario: name, endedAt }) => name === scenario.name && endedAt === null,
                    )}
                    now={now ?? board.now}
                    canStart={(board.simulators?.isAlive ?? false) && !start.isPending}
                    onStart={minutes => {
                      stop.reset()
                      start.mutate({ scenario: scenario.name, minutes })
                    }}
                    onStop={run => {
                      start.reset()
                      stop.mutate({ run })
                    }}
                  />
                ))}
              </ul>
            </>
          )}
        </CardContent>
      </Card>
      <Card title="Played" note="newest first">
        <CardContent
          query={query}
          staleNote={false}
          skeleton={<Skeleton className="h-40" />}
          isEmpty={({ runs }) => runs.length === 0}
          empty={<EmptyState what="No scenario has been played yet." advice="Start one above." />}
        >
          {board => <History board={board} now={now ?? board.now} />}
        </CardContent>
      </Card>
    </>
  )
}

/** How fast the shops trade. */
function SpeedControl({
  board: { speed },
  asked,
  onChange,
}: {
  board: Board
  /** What is being set just now. */
  asked: Speed | null
  onChange: (speed: Speed) => void
}) {
  const wanted = asked ?? speed.wanted
  return (
    <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="text-xs font-semibold">Speed</span>
      <SegmentedControl
        label="Speed of the shops"
        segments={speed.choices.map(choice => ({
          value: String(choice),
          label: `×${choice}`,
          name: choice === 1 ? 'As their history' : `${choice} times as fast as their history`,
        }))}
        value={String(wanted)}
        onChange={value => {
          const chosen = speed.choices.find(choice => String(choice) === value)
          if (chosen !== undefined) onChange(chosen)
        }}
      />
      <p className="max-w-prose text-2xs text-muted">
        {wanted === 1
          ? 'Shops sell as their history did, so that today compares with it. While a scenario plays they sell 45 orders a minute at least.'
          : `Shops sell ×${wanted}, and the days of stock rooms pass as much faster: in place of percentages today is marked “demo ×${wanted}”.`}
      </p>
    </div>
  )
}

function Simulators({ board: { simulators }, now }: { board: Board; now: number }) {
  if (!simulators?.isAlive) return 'no simulators run'
  const { speed, waiting, beatAt } = simulators
  return `simulators run at ×${speed}, ${plural(waiting, 'event')} waiting to be sent, heard of ${formatAge(now - beatAt)} ago`
}

function ScenarioItem({
  scenario: { title, description, expected, minutes, name },
  run,
  now,
  canStart,
  onStart,
  onStop,
}: {
  scenario: Board['scenarios'][number]
  /** The one that has not ended. */
  run: Run | undefined
  now: number
  canStart: boolean
  onStart: (minutes: number | null) => void
  onStop: (run: number) => void
}) {
  return (
    <li
      aria-labelledby={`scenario-${name}`}
      className="flex flex-col gap-2 rounded-card border border-line p-3"
    >
      <div className="flex items-center justify-between gap-2">
        <h3 id={`scenario-${name}`} className="text-xs font-semibold">
          {title}
        </h3>
        {run ? <Chip tone={run.state === 'running' ? 'good' : 'plain'}>{run.state}</Chip> : null}
      </div>
      <p className="text-xs">{description}</p>
      <p className="text-2xs text-muted">
        <span className="text-text">What both paths should show: </span>
        {expected}
      </p>
      {run ? (
        <div className="mt-auto flex min-h-9 items-center justify-between gap-2 pt-1">
          <span className="text-2xs text-muted">{leftText(run, now)}</span>
          <Button
            disabled={run.state === 'stopping'}
            onClick={() => onStop(run.run)}
            aria-label={`Stop ${title}`}
          >
            <Square className="size-3.5" />
            {run.state === 'stopping' ? 'Stopping' : 'Stop'}
          </Button>
        </div>
      ) : (
        <StartForm
          title={title}
          isOrdinary={name === 'ordinary'}
          usual={minutes}
          canStart={canStart}
          onStart={onStart}
        />
      )}
    </li>
  )
}

const MAX_MINUTES = 1_440

/** The ordinary day is always there: to start it is to end the others. */
function StartForm({
  title,
  isOrdinary,
  usual,
  canStart,
  onStart,
}: {
  title: string
  isOrdinary: boolean
  /** Minutes when nobody says otherwise. */
  usual: number
  canStart: boolean
  onStart: (minutes: number | null) => void
}) {
  const [minutes, setMinutes] = useState(String(usual))
  return (
    <form
      className="mt-auto flex min-h-9 items-center justify-between gap-2 pt-1"
      onSubmit={event => {
        event.preventDefault()
        onStart(isOrdinary ? null : Number(minutes))
      }}
    >
      {isOrdinary ? (
        <span className="text-2xs text-muted">always there; going back to it ends the others</span>
      ) : (
        <span className="flex items-center gap-2 text-2xs text-muted">
          <TextField
            type="number"
            required
            min={1}
            max={MAX_MINUTES}
            value={minutes}
            disabled={!canStart}
            onChange={event => setMinutes(event.target.value)}
            className="w-20"
            aria-label={`Minutes of ${title}`}
          />
          minutes
        </span>
      )}
      <Button
        type="submit"
        disabled={!canStart}
        aria-label={isOrdinary ? `Back to ${title}` : `Start ${title}`}
      >
        <Play className="size-3.5" />
        {isOrdinary ? 'Back to it' : 'Start'}
      </Button>
    </form>
  )
}

function leftText({ state, endsAt, detail }: Run, now: number): string {
  if (state === 'requested') return 'waits for the simulators'
  const left = endsAt === null ? null : endsAt > now ? `${formatAge(endsAt - now)} left` : 'ends now'
  return [left, detail].filter(Boolean).join(': ') || 'plays'
}

function History({ board: { runs }, now }: { board: Board; now: number }) {
  return (
    <DataTable
      caption="Scenarios that were played, newest first"
      rows={runs}
      rowKey={({ run }) => String(run)}
      columns={[
        { key: 'run', header: 'Run', cell: row => row.run },
        { key: 'scenario', header: 'Scenario', align: 'left', cell: row => row.title },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <Chip tone={row.state === 'failed' ? 'bad' : 'plain'}>{row.state}</Chip>,
        },
        { key: 'asked', header: 'Asked', cell: row => <Ago at={row.requestedAt} now={now} /> },
        {
          key: 'played',
          header: 'Played',
          cell: row => (row.startedAt === null ? '–' : formatAge((row.endedAt ?? now) - row.startedAt)),
        },
        {
          key: 'detail',
          header: 'What it did',
          align: 'left',
          cell: row => <span className="block min-w-56 whitespace-normal">{row.detail ?? ''}</span>,
        },
      ]}
    />
  )
}
