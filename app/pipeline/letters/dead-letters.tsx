import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { useDeferredValue, useState } from 'react'
import { formatCount } from '#app/format/number.ts'
import { BulkRequeue } from '#app/pipeline/letters/bulk-requeue.tsx'
import { LetterDialog } from '#app/pipeline/letters/dead-letter-dialog.tsx'
import { LetterGroupsCard, reasonColumn } from '#app/pipeline/letters/letter-groups.tsx'
import { Moment } from '#app/pipeline/moment.tsx'
import { LetterStateChip } from '#app/pipeline/state-marks.tsx'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'
import { DataTable, ShowMore } from '#app/ui/data-table.tsx'
import { Field, SelectField, TextField } from '#app/ui/form.tsx'
import { pipelineState } from '#app/url-state.ts'

type Page = RouterOutputs['pipeline']['letters']['list']
type Letter = Page['letters'][number]

const LETTERS_MS = 5_000
const STATES = ['open', 'requeued', 'discarded'] as const
type State = (typeof STATES)[number]
const ANY_STATE = 'any'

/** What could not be processed, why, and the way to put it right. */
export function LettersPart() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [asked, setAsked] = useQueryStates({
    state: pipelineState.state,
    reason: pipelineState.reason,
    source: pipelineState.source,
  })
  const state: State | undefined =
    asked.state === ANY_STATE ? undefined : (STATES.find(known => known === asked.state) ?? 'open')
  const reason = asked.reason ?? undefined
  const source = asked.source ?? undefined
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim()) || undefined
  const [opened, setOpened] = useState<number | null>(null)
  const now = useNow()
  const query = useInfiniteQuery({
    queryKey: [...trpc.pipeline.letters.list.pathKey(), { state, reason, source, search: wanted }],
    queryFn: ({ pageParam, signal }) =>
      client.pipeline.letters.list.query(
        { state, reason, source, search: wanted, cursor: pageParam },
        { signal },
      ),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
    placeholderData: keepPreviousData,
    // Who has asked for older pages reads them: new letters wait. What failed is tried again all the same.
    refetchInterval: ({ state: { data, status } }) =>
      (data?.pages.length ?? 0) > 1 && status !== 'error' ? false : LETTERS_MS,
  })
  const reasons = query.data?.pages[0]?.openReasons ?? []
  return (
    <>
      <LetterGroupsCard onChoose={chosen => void setAsked({ state: null, ...chosen })} />
      <Card
        title="Dead letters"
        note="what could not be processed: kept with its reason, put right, and sent again"
      >
        <div className="mb-3 grid gap-2 sm:grid-cols-[minmax(0,10rem)_minmax(0,16rem)_minmax(0,1fr)]">
          <SelectField
            label="State"
            value={state ?? ANY_STATE}
            onChange={chosen => void setAsked({ state: chosen })}
            options={[...STATES, ANY_STATE].map(name => [name, name] as const)}
          />
          <SelectField
            label="Reason"
            value={reason ?? ''}
            onChange={chosen => void setAsked({ reason: chosen || null, source: null })}
            options={[
              ['', 'every reason'],
              ...withReason(reasons, reason).map(
                entry => [entry.reason, `${entry.reason} (${formatCount(entry.letters)} open)`] as const,
              ),
            ]}
          />
          <Field label="Part of source, id or store">
            <TextField
              type="search"
              value={search}
              maxLength={256}
              onChange={event => setSearch(event.target.value)}
            />
          </Field>
        </div>
        {source === undefined ? null : (
          <p className="mb-3 flex flex-wrap items-center gap-2 text-xs">
            Only letters {source === '' ? 'that name no source' : `of ${source}`}.
            <Button kind="row" onClick={() => void setAsked({ source: null })}>
              Show every source
            </Button>
          </p>
        )}
        {reason && state === 'open' ? (
          <BulkRequeue key={`${reason} ${source}`} reason={reason} source={source} />
        ) : null}
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-96" />}
          isEmpty={({ pages }) => pages.every(page => page.letters.length === 0)}
          empty={
            <EmptyState
              what={
                state === 'open' && !reason && source === undefined && !wanted
                  ? 'No open dead letter.'
                  : 'No dead letter like this.'
              }
              advice="Play the scenario “Poison events”, or choose another filter."
            />
          }
        >
          {({ pages }) => (
            <>
              <div className="flex max-h-[40rem] flex-col">
                <LetterTable letters={pages.flatMap(page => page.letters)} now={now} onOpen={setOpened} />
              </div>
              <ShowMore query={query} className="mt-3 self-start" />
            </>
          )}
        </CardContent>
        <LetterDialog deadLetter={opened} onClose={() => setOpened(null)} />
      </Card>
    </>
  )
}

/** The chosen reason stays among the choices when its last open letter is settled. */
function withReason(reasons: Page['openReasons'], chosen: string | undefined): Page['openReasons'] {
  return chosen === undefined || reasons.some(({ reason }) => reason === chosen)
    ? reasons
    : [...reasons, { reason: chosen, letters: 0 }]
}

function LetterTable({
  letters,
  now,
  onOpen,
}: {
  letters: readonly Letter[]
  now: number | null
  onOpen: (deadLetter: number) => void
}) {
  return (
    <DataTable
      caption="Dead letters, newest first"
      rows={letters}
      rowKey={({ deadLetter }) => String(deadLetter)}
      columns={[
        {
          key: 'number',
          header: 'Letter',
          align: 'left',
          cell: letter => (
            <Button
              kind="quiet"
              className="-ml-2 text-text underline underline-offset-4"
              onClick={() => onOpen(letter.deadLetter)}
            >
              {formatCount(letter.deadLetter)}
              <span className="sr-only">: open it</span>
            </Button>
          ),
        },
        { key: 'met', header: 'Met', cell: letter => <Moment at={letter.metAt} now={now} /> },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: letter => <LetterStateChip state={letter.state} />,
        },
        reasonColumn,
        { key: 'source', header: 'Source', align: 'left', cell: letter => letter.source ?? '–' },
        { key: 'id', header: 'Id', align: 'left', cell: letter => <Short text={letter.eventId ?? '–'} /> },
        { key: 'where', header: 'Where', align: 'left', cell: letter => <Short text={letter.metIn} /> },
        {
          key: 'detail',
          header: 'Why',
          align: 'left',
          cell: letter => <Short text={letter.settlement ?? letter.detail} />,
        },
        {
          key: 'payload',
          header: 'Payload',
          align: 'left',
          cell: letter => (
            <span className="font-mono text-2xs">
              <Short text={letter.excerpt} />
            </span>
          ),
        },
      ]}
    />
  )
}

/** The beginning of a text in one line; the whole is a press away. */
function Short({ text }: { text: string }) {
  return <span className="block max-w-64 overflow-hidden text-ellipsis whitespace-nowrap">{text}</span>
}
