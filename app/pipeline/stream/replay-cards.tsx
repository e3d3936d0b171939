import { useMutation, useQuery } from '@tanstack/react-query'
import { History, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { ActorField, useActor } from '#app/controls/actor.tsx'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge, formatLag } from '#app/format/time.ts'
import { Ago } from '#app/pipeline/moment.tsx'
import { doneShare, rulesText } from '#app/pipeline/stream/replay-texts.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useServerNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Note, OutcomeLine, SelectField } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Board = RouterOutputs['pipeline']['replays']['board']
type Replay = Board['replays'][number]

/** While one is under way its progress is looked at often. */
const UNDER_WAY_MS = 1_000
const QUIET_MS = 10_000

/** Replays: the one under way, how to ask for one, and what came of those before. */
export function ReplayPart() {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.pipeline.replays.board.queryOptions(),
    refetchInterval: ({ state: { data } }) => (data && underWay(data) ? UNDER_WAY_MS : QUIET_MS),
  })
  const now = useServerNow(query)
  return (
    <>
      <Card
        title="Replay"
        note={query.data ? <GenerationText board={query.data} now={now ?? query.data.now} /> : null}
      >
        <CardContent query={query} skeleton={<Skeleton className="h-56" />}>
          {board => <ReplayDesk board={board} now={now ?? board.now} />}
        </CardContent>
      </Card>
      <Card title="Replays" note="kept for good, newest first">
        <CardContent
          query={query}
          staleNote={false}
          skeleton={<Skeleton className="h-40" />}
          isEmpty={({ replays }) => replays.length === 0}
          empty={<EmptyState what="Nothing has been replayed yet." advice="Ask for a replay above." />}
        >
          {board => <ReplayTable replays={board.replays} now={now ?? board.now} />}
        </CardContent>
      </Card>
    </>
  )
}

function underWay({ replays }: Board): Replay | undefined {
  return replays.find(({ state }) => state === 'requested' || state === 'running')
}

function GenerationText({ board: { active }, now }: { board: Board; now: number }) {
  const since = active.activatedAt ?? active.createdAt
  return `generation ${active.generation} is active, for ${formatAge(now - since)}`
}

const IF_DIFFERENT = [
  ['keep', 'keep the active generation'],
  ['switch', 'switch all the same'],
] as const

function ReplayDesk({ board, now }: { board: Board; now: number }) {
  const trpc = useTRPC()
  const by = useActor()
  const [ifDifferent, setIfDifferent] = useState<(typeof IF_DIFFERENT)[number][0]>('keep')
  const request = useMutation(trpc.pipeline.replays.request.mutationOptions())
  const current = underWay(board)
  const isBusy = current !== undefined || request.isPending
  const { retired } = board
  return (
    <>
      {board.isStreamAtWork || current?.state === 'running' ? null : (
        <Note command="npm start -- stream">No stream process is at work: a request waits until one is.</Note>
      )}
      <p className="mb-3 max-w-prose text-xs text-muted">
        A replay reads the log again from offset 0 into a new generation of the stream’s tables, holds it
        against the active one at equal offsets, and only then switches. Sales are counted meanwhile, and
        nobody is told of old alerts again.
      </p>
      {current ? <Progress replay={current} now={now} /> : null}
      <div className="flex flex-wrap items-end gap-3">
        <SelectField
          label="If the rebuilt figures or alerts differ"
          value={ifDifferent}
          onChange={setIfDifferent}
          options={IF_DIFFERENT}
        />
        <Button
          disabled={isBusy}
          onClick={() =>
            request.mutate({ kind: 'rebuild', acceptsDifferences: ifDifferent === 'switch', by })
          }
        >
          <RotateCcw className="size-3.5" />
          Replay from offset 0
        </Button>
        {retired && retired.engine === board.active.engine ? (
          <Button
            disabled={isBusy}
            onClick={() => request.mutate({ kind: 'switch_back', acceptsDifferences: false, by })}
          >
            <History className="size-3.5" />
            Switch back to generation {retired.generation}
          </Button>
        ) : null}
        <ActorField />
      </div>
      <p className="mt-2 text-2xs text-muted">
        {retired && retired.engine === board.active.engine
          ? `Generation ${retired.generation} is kept until the next replay: it catches up with the log first, and what people did with alerts stays.`
          : 'After a replay the generation before it is kept, one press away.'}
      </p>
      <OutcomeLine
        done={request.data === undefined ? null : `Replay ${request.data} is asked for.`}
        failed={request.error ? failureText(request.error) : null}
      />
    </>
  )
}

function Progress({ replay, now }: { replay: Replay; now: number }) {
  const { progress, startedAt } = replay
  const share = doneShare(progress)
  return (
    <section aria-label={`Replay ${replay.replay}`} className="mb-3 rounded-card border border-line p-3">
      <p className="mb-2 text-xs">
        <span className="font-semibold">{titleOf(replay)}</span>{' '}
        <span className="text-muted">
          {startedAt === null
            ? 'waits for a stream process'
            : `${Math.floor(share * 100)}% of what is in the log, ${formatAge(now - startedAt)} so far`}
        </span>
      </p>
      <ul className="grid gap-1.5 sm:grid-cols-2 xl:grid-cols-4">
        {progress.map(({ partition, offset, target }) => (
          <li key={partition} className="grid gap-1 text-2xs text-muted">
            <span className="flex justify-between gap-2">
              <span>Partition {partition}</span>
              <span className="text-right">
                {formatCount(offset)} of {formatCount(target)}
              </span>
            </span>
            <progress
              aria-label={`Partition ${partition}`}
              max={Math.max(1, target)}
              value={target === 0 ? 1 : Math.min(offset, target)}
              className="h-1.5 w-full accent-stream"
            />
          </li>
        ))}
      </ul>
    </section>
  )
}

function titleOf({ kind, from, to }: Replay): string {
  if (kind === 'certify') return `Comparison of generation ${to} with ${from ?? 'the active one'}`
  if (kind === 'switch') return `Switch from generation ${from ?? ''} to ${to}`.replace('  ', ' ')
  if (kind === 'switch_back') return to === null ? 'Switch back' : `Back from generation ${from} to ${to}`
  return to === null ? 'Replay' : `Replay of generation ${from} as ${to}`
}

function ReplayTable({ replays, now }: { replays: readonly Replay[]; now: number }) {
  return (
    <DataTable
      caption="Replays, newest first"
      rows={replays}
      rowKey={({ replay }) => String(replay)}
      columns={[
        { key: 'replay', header: 'Replay', cell: row => formatCount(row.replay) },
        { key: 'what', header: 'What', align: 'left', cell: titleOf },
        { key: 'state', header: 'State', align: 'left', cell: row => <ReplayStateChip state={row.state} /> },
        { key: 'asked', header: 'Asked', cell: row => <Ago at={row.requestedAt} now={now} /> },
        { key: 'by', header: 'By', align: 'left', cell: row => row.askedBy ?? 'no name given' },
        { key: 'rules', header: 'Rules', cell: versionsText },
        { key: 'events', header: 'Events', cell: row => formatCount(row.events) },
        {
          key: 'outcome',
          header: 'What came of it',
          align: 'left',
          cell: row => <Sentence>{outcomeText(row)}</Sentence>,
        },
        {
          key: 'took',
          header: 'Built in',
          cell: row => (row.buildMs === null ? '–' : formatLag(row.buildMs)),
        },
        {
          key: 'pause',
          header: 'Nobody wrote for',
          cell: row => (row.pauseMs === null ? '–' : formatLag(row.pauseMs)),
        },
        {
          key: 'differences',
          header: 'Differences',
          align: 'left',
          cell: row => <Differences replay={row} />,
        },
      ]}
    />
  )
}

function Sentence({ children }: { children: string }) {
  return <span className="block min-w-56 whitespace-normal wrap-anywhere">{children}</span>
}

/** Good or bad as the active generation is what was asked for. */
function ReplayStateChip({ state }: { state: Replay['state'] }) {
  const isBad = state === 'failed' || state === 'abandoned' || state === 'kept' || state === 'refused'
  const isGood = state === 'switched' || state === 'certified'
  return <Chip tone={isGood ? 'good' : isBad ? 'bad' : 'plain'}>{state}</Chip>
}

function versionsText({ fromRules, toRules }: Replay): string {
  if (fromRules === null || toRules === null) return '–'
  return fromRules === toRules ? `version ${toRules}` : `version ${fromRules} → ${toRules}`
}

function outcomeText({ state, detail, progress }: Replay): string {
  if (state === 'abandoned') {
    return `Its process was killed at ${Math.floor(doneShare(progress) * 100)}%: the active generation stayed as it was.`
  }
  return detail ?? (state === 'requested' ? 'waits for a stream process' : '')
}

/** Figure by figure, and rule by rule. */
function Differences({ replay }: { replay: Replay }) {
  const { certificate, kind, differenceCount, differences, alerts } = replay
  if (differenceCount !== null && certificate !== null)
    return differenceCount === 0
      ? 'none'
      : `${plural(differenceCount, 'row')}, see certificate ${certificate}`
  if (kind === 'switch_back' || differenceCount === null) return '–'
  if (differenceCount === 0 && alerts.length === 0) return 'none'
  return (
    <div className="grid min-w-64 gap-1 whitespace-normal">
      {alerts.map(alert => (
        <p key={alert.rule}>{rulesText(alert, replay.state)}</p>
      ))}
      {differenceCount > 0 ? (
        <details>
          <summary className="cursor-pointer">{plural(differenceCount, 'figure')}</summary>
          <ul className="mt-1 grid gap-0.5 text-2xs text-muted">
            {differences.map(({ of, figure, active, rebuilt }) => (
              <li key={`${of} ${figure}`} className="wrap-anywhere">
                {of}: {figure} was {active}, rebuilt {rebuilt}
              </li>
            ))}
            {differenceCount > differences.length ? (
              <li>… and {formatCount(differenceCount - differences.length)} more</li>
            ) : null}
          </ul>
        </details>
      ) : null}
    </div>
  )
}
