import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import { ReasonText } from '#app/pipeline/letters/letter-groups.tsx'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import { LetterStateChip } from '#app/pipeline/state-marks.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

type Letter = NonNullable<RouterOutputs['pipeline']['letters']['get']>

/** One dead letter: why it is one, what was sent, and what can be done about it. */
export function LetterDialog({ deadLetter, onClose }: { deadLetter: number | null; onClose: () => void }) {
  return (
    <DialogFrame
      isOpen={deadLetter !== null}
      title={deadLetter === null ? '' : `Dead letter ${formatCount(deadLetter)}`}
      description="Put the event right and send it again, or set it aside with a reason. It counts once, however often it is sent."
      onClose={onClose}
    >
      {deadLetter === null ? null : <Content key={deadLetter} deadLetter={deadLetter} />}
    </DialogFrame>
  )
}

function Content({ deadLetter }: { deadLetter: number }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.letters.get.queryOptions({ deadLetter }), staleTime: 0 })
  return (
    <div className="min-h-0 grow overflow-y-auto px-0.5 pb-0.5">
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={letter => letter === null}
        empty={<EmptyState what="There is no letter of this number." />}
      >
        {letter => (letter === null ? null : <Details letter={letter} />)}
      </CardContent>
    </div>
  )
}

function Details({ letter }: { letter: Letter }) {
  return (
    <div className="grid gap-4">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-xs">
        <Row name="State">
          <LetterStateChip state={letter.state} />
        </Row>
        <Row name="Reason">
          <ReasonText reason={letter.reason} />
        </Row>
        <Row name="Why">{letter.detail}</Row>
        <Row name="Met">
          {formatFullMoment(letter.metAt, PIPELINE_ZONE)}, {letter.metIn}
        </Row>
        <Row name="Source, id">
          {letter.source ?? 'not said'}, {letter.eventId ?? 'not said'}
        </Row>
        {letter.settledAt === null ? null : (
          <Row name="Settled">
            {formatFullMoment(letter.settledAt, PIPELINE_ZONE)}: {letter.settlement}
          </Row>
        )}
      </dl>
      {letter.state === 'open' && !letter.payload.isCut ? (
        <>
          <Repair letter={letter} />
          <Discard deadLetter={letter.deadLetter} />
        </>
      ) : (
        <>
          <Payload letter={letter} />
          {letter.state === 'open' ? <Discard deadLetter={letter.deadLetter} /> : null}
        </>
      )}
    </div>
  )
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </>
  )
}

/** The event to be put right. What was typed stays when the list behind is read anew. */
function Repair({ letter }: { letter: Letter }) {
  const trpc = useTRPC()
  const id = useId()
  const [text, setText] = useState(letter.payload.text)
  const requeue = useMutation(trpc.pipeline.letters.requeue.mutationOptions())
  return (
    <form
      aria-label="Repair and requeue"
      className="grid gap-1.5"
      onSubmit={event => {
        event.preventDefault()
        requeue.mutate({ deadLetter: letter.deadLetter, payload: text })
      }}
    >
      <label htmlFor={id} className="text-2xs text-muted">
        The event as JSON, to be put right
      </label>
      <textarea
        id={id}
        value={text}
        onChange={event => setText(event.target.value)}
        spellCheck={false}
        autoComplete="off"
        rows={Math.min(22, Math.max(8, text.split('\n').length))}
        className="w-full rounded-control border border-control bg-panel p-2.5 font-mono text-2xs wrap-anywhere"
      />
      <PayloadNotes letter={letter} />
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" disabled={requeue.isPending || text.trim() === ''}>
          {requeue.isPending ? 'Sending' : 'Requeue'}
        </Button>
        <Button
          kind="quiet"
          disabled={text === letter.payload.text}
          onClick={() => setText(letter.payload.text)}
        >
          As it came
        </Button>
      </div>
      <OutcomeLine
        done={requeue.data ? outcomeText(requeue.data.outcome) : null}
        failed={requeue.error ? failureText(requeue.error) : null}
      />
    </form>
  )
}

function outcomeText(outcome: 'appended' | 'duplicate'): string {
  return outcome === 'appended'
    ? 'It is in the log, and counts once.'
    : 'The log knew it already: it counts once.'
}

function PayloadNotes({ letter: { isFromFile, payload, bytes } }: { letter: Letter }) {
  return (
    <p className="text-2xs text-muted">
      {plural(bytes, 'byte')}. Characters that cannot be seen are written as \uXXXX.
      {payload.isDamaged ? ' It was no valid UTF-8: what could not be read shows as \uFFFD.' : ''}
      {isFromFile
        ? ' It came by a file: write it here as an event, or repair the file and drop it again, which adds only what is missing.'
        : ''}
    </p>
  )
}

/** For what is settled, or too long to be edited here. */
function Payload({ letter }: { letter: Letter }) {
  return (
    <div className="grid gap-1.5">
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-control bg-faint p-2.5 font-mono text-2xs whitespace-pre-wrap wrap-anywhere"
      >
        {letter.payload.text}
      </pre>
      <PayloadNotes letter={letter} />
      {letter.payload.isCut ? (
        <p className="text-2xs text-muted">
          This is its beginning: it is too long to be put right here. Have its till send it again.
        </p>
      ) : null}
    </div>
  )
}

function Discard({ deadLetter }: { deadLetter: number }) {
  const trpc = useTRPC()
  const [reason, setReason] = useState('')
  const discard = useMutation(trpc.pipeline.letters.discard.mutationOptions())
  return (
    <form
      aria-label="Discard"
      className="grid gap-1 border-t border-line pt-3"
      onSubmit={event => {
        event.preventDefault()
        discard.mutate({ deadLetter, reason })
      }}
    >
      <div className="flex flex-wrap items-end gap-2">
        <Field label="Or set it aside for good, because" className="grow sm:max-w-96">
          <TextField
            value={reason}
            maxLength={500}
            required
            onChange={event => setReason(event.target.value)}
          />
        </Field>
        <Button type="submit" disabled={discard.isPending || reason.trim() === ''}>
          Discard
        </Button>
      </div>
      <OutcomeLine done={null} failed={discard.error ? failureText(discard.error) : null} />
    </form>
  )
}
