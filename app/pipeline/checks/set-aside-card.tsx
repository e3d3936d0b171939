import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ActorField, useActor } from '#app/controls/actor.tsx'
import { formatCount, plural } from '#app/format/number.ts'
import { Moment } from '#app/pipeline/moment.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, Skeleton } from '#app/ui/card.tsx'
import { useNow } from '#app/ui/clock.ts'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { Chip, PathTag } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

type SetAside = RouterOutputs['pipeline']['setAside']['list']
type Event = SetAside['events'][number]

const SET_ASIDE_MS = 30_000

/** Events that a path cannot count and goes on without: findings of their stores until somebody accepts that. */
export function SetAsideCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.setAside.list.queryOptions(), refetchInterval: SET_ASIDE_MS })
  const [opened, setOpened] = useState<Event | null>(null)
  const by = useActor()
  const withdraw = useMutation(trpc.pipeline.setAside.withdraw.mutationOptions())
  const now = useNow()
  return (
    <Card
      title="Events set aside"
      note="in the log, and not counted by the path that cannot read them; all other events are"
      actions={query.data?.count ? <ActorField /> : null}
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-8" />}
        isEmpty={({ count }) => count === 0}
        empty={<p className="text-xs">None: both paths count every event that they have read.</p>}
      >
        {({ events, count, notAccepted }) => (
          <>
            <p className="mb-3 text-xs text-muted">
              {plural(notAccepted, 'event')} not accepted, {formatCount(count - notAccepted)} accepted
              {events.length < count ? `; the first ${formatCount(events.length)} are shown` : ''}. What is
              not accepted turns /readyz and the reconciliation red.
            </p>
            <div className="flex max-h-96 flex-col">
              <SetAsideTable
                events={events}
                now={now}
                action={event =>
                  event.accepted === null ? (
                    <Button
                      kind="row"
                      aria-label={`Accept: ${nameOf(event)}`}
                      onClick={() => setOpened(event)}
                    >
                      Accept
                    </Button>
                  ) : (
                    <Button
                      kind="row"
                      disabled={withdraw.isPending}
                      aria-label={`Take back: ${nameOf(event)}`}
                      onClick={() => withdraw.mutate({ ...keyOf(event), by })}
                    >
                      Take back
                    </Button>
                  )
                }
              />
            </div>
            <OutcomeLine done={null} failed={withdraw.error ? failureText(withdraw.error) : null} />
          </>
        )}
      </CardContent>
      <AcceptDialog event={opened} onClose={() => setOpened(null)} />
    </Card>
  )
}

function SetAsideTable({
  events,
  now,
  action,
}: {
  events: readonly Event[]
  now: number | null
  action: (event: Event) => ReactNode
}) {
  return (
    <DataTable
      caption="Events set aside, those not accepted first"
      rows={events}
      rowKey={({ path, partition, offset }) => `${path} ${partition} ${offset}`}
      columns={[
        { key: 'store', header: 'Store', align: 'left', cell: storeOf },
        {
          key: 'path',
          header: 'Path',
          align: 'left',
          cell: ({ path }) => (path === 'log' ? 'Archive' : <PathTag path={path} />),
        },
        {
          key: 'why',
          header: 'Why it is not counted',
          align: 'left',
          cell: event => <Sentence>{whyOf(event)}</Sentence>,
        },
        {
          key: 'event',
          header: 'Event',
          align: 'left',
          cell: event => (
            <span
              className="inline-block max-w-64 truncate align-bottom"
              title={`${event.source}, ${event.id}`}
            >
              {event.type}, {event.id || 'no id'}
            </span>
          ),
        },
        { key: 'day', header: 'Business day', align: 'left', cell: event => event.businessDay ?? 'none' },
        { key: 'place', header: 'Partition, offset', cell: placeOf },
        {
          key: 'appended',
          header: 'In the log since',
          cell: event => <Moment at={event.appendedAt} now={now} />,
        },
        { key: 'aside', header: 'Set aside', cell: event => <Moment at={event.setAsideAt} now={now} /> },
        {
          key: 'accepted',
          header: 'Accepted',
          align: 'left',
          cell: ({ accepted }) =>
            accepted === null ? (
              <Chip tone="bad">not accepted</Chip>
            ) : (
              <Sentence>
                {accepted.because} (<Moment at={accepted.at} now={now} />, {accepted.by ?? 'no name given'})
              </Sentence>
            ),
        },
        { key: 'act', header: <span className="sr-only">Action</span>, cell: action },
      ]}
    />
  )
}

function Sentence({ children }: { children: ReactNode }) {
  return <span className="block min-w-56 whitespace-normal wrap-anywhere">{children}</span>
}

/** Asks why, so that whoever reads it later knows. */
function AcceptDialog({ event, onClose }: { event: Event | null; onClose: () => void }) {
  return (
    <DialogFrame
      isOpen={event !== null}
      title={event === null ? '' : `Go on without ${nameOf(event)}`}
      description="It stays in the log and in this list, and is no finding any more. What it told is missing from the figures of this path: send it again as it should have been, as an event of its own."
      onClose={onClose}
    >
      {event === null ? null : <AcceptForm event={event} onClose={onClose} />}
    </DialogFrame>
  )
}

function AcceptForm({ event, onClose }: { event: Event; onClose: () => void }) {
  const trpc = useTRPC()
  const by = useActor()
  const [because, setBecause] = useState('')
  const accept = useMutation(trpc.pipeline.setAside.accept.mutationOptions({ onSuccess: onClose }))
  return (
    <form
      aria-label="Accept"
      className="grid gap-3"
      onSubmit={submitted => {
        submitted.preventDefault()
        accept.mutate({ ...keyOf(event), because, by })
      }}
    >
      <p className="text-xs wrap-anywhere">{whyOf(event)}</p>
      <Field label="Nothing has to be done about it, because" className="sm:max-w-lg">
        <TextField
          value={because}
          maxLength={500}
          required
          onChange={({ target }) => setBecause(target.value)}
        />
      </Field>
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" disabled={accept.isPending || because.trim() === ''}>
          Accept
        </Button>
        <ActorField />
      </div>
      <OutcomeLine done={null} failed={accept.error ? failureText(accept.error) : null} />
    </form>
  )
}

function keyOf({ path, partition, offset }: Event) {
  return { path, partition, offset }
}

function storeOf({ store, storeName }: Event): string {
  return storeName ?? (store || 'of no store')
}

function placeOf({ partition, offset }: Event): string {
  return `${partition}, ${formatCount(offset)}`
}

function whyOf({ reason, job }: Event): string {
  return job === null ? reason : `${job}: ${reason}`
}

/** For a title and who hears the page: `offset 12 of partition 0, Berlin Mitte, batch`. */
function nameOf(event: Event): string {
  return `offset ${formatCount(event.offset)} of partition ${event.partition}, ${storeOf(event)}, ${event.path}`
}
