import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterInputs, RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, SelectField, TextField } from '#app/ui/form.tsx'

type Repair = NonNullable<RouterInputs['pipeline']['letters']['requeueGroup']['repair']>

const WAYS = [
  ['none', 'nothing: the world was put right'],
  ['set', 'set a field'],
  ['rename', 'rename a field'],
  ['remove', 'remove a field'],
] as const
type Way = (typeof WAYS)[number][0]

/** Sends all open letters of a reason, perhaps of one source, again: as they are, or with one repair made in each. */
export function BulkRequeue({ reason, source }: { reason: string; source: string | undefined }) {
  const trpc = useTRPC()
  const [way, setWay] = useState<Way>('none')
  const [field, setField] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const requeue = useMutation(trpc.pipeline.letters.requeueGroup.mutationOptions())
  const { data } = requeue
  const of = source === undefined ? '' : source === '' ? ' without a source' : ` of ${source}`

  function send(submitted: FormEvent) {
    submitted.preventDefault()
    const repair = repairOf({ way, field, from, to })
    // What is left of the press before is past what it tried.
    const after = data && data.left > 0 ? (data.through ?? 0) : 0
    requeue.mutate({ reason, ...(source === undefined ? {} : { source }), repair, after })
  }

  return (
    <form aria-label="Send them again" className="mb-3 grid gap-2" onSubmit={send}>
      <div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-[minmax(0,15rem)_repeat(3,minmax(0,12rem))]">
        <SelectField label="Put right in each" value={way} options={WAYS} onChange={setWay} />
        {way === 'none' ? null : (
          <Field label="Field, e.g. store or lines.sku">
            <TextField
              required
              maxLength={256}
              value={field}
              onChange={({ target }) => setField(target.value)}
            />
          </Field>
        )}
        {way === 'set' ? (
          <Field label="Where it is (empty: whatever it is)">
            <TextField maxLength={1_000} value={from} onChange={({ target }) => setFrom(target.value)} />
          </Field>
        ) : null}
        {way === 'set' || way === 'rename' ? (
          <Field label={way === 'set' ? 'It should be' : 'Its name should be'}>
            <TextField
              required
              maxLength={way === 'set' ? 1_000 : 256}
              value={to}
              onChange={({ target }) => setTo(target.value)}
            />
          </Field>
        ) : null}
      </div>
      <Button type="submit" className="justify-self-start whitespace-normal" disabled={requeue.isPending}>
        {requeue.isPending
          ? 'Sending'
          : way === 'none'
            ? `Send all open letters of ${reason}${of} again as they are`
            : `Repair all open letters of ${reason}${of} and send them again`}
      </Button>
      <OutcomeLine
        done={data ? outcomeText(data) : null}
        failed={requeue.error ? failureText(requeue.error) : null}
      />
    </form>
  )
}

function repairOf({
  way,
  field,
  from,
  to,
}: {
  way: Way
  field: string
  from: string
  to: string
}): Repair | null {
  switch (way) {
    case 'none':
      return null
    case 'set':
      return { kind: 'set', field, to, ...(from === '' ? {} : { from }) }
    case 'rename':
      return { kind: 'rename', field, to }
    case 'remove':
      return { kind: 'remove', field }
  }
}

function outcomeText({
  counted,
  duplicates,
  refused,
  untouched,
  left,
}: RouterOutputs['pipeline']['letters']['requeueGroup']): string {
  const parts = [
    `${plural(counted, 'event')} counted`,
    `${formatCount(duplicates)} known before`,
    `${formatCount(refused)} still wrong`,
    ...(untouched > 0 ? [`${formatCount(untouched)} left as they are: nothing to repair in them`] : []),
  ]
  return `${parts.join(', ')}${left > 0 ? `; ${formatCount(left)} not tried yet: press again` : ''}.`
}
