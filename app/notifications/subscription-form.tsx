import { Checkbox } from '@base-ui/react/checkbox'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useActor } from '#app/controls/actor.tsx'
import { ManyControl } from '#app/controls/many-control.tsx'
import {
  DIGESTS,
  EVERYTHING,
  KIND_NAMES,
  type Subscription,
  type SubscriptionList,
  WAY_NOTES,
  WAY_TITLES,
  type Wishes,
  wishesOf,
} from '#app/notifications/notification-words.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterInputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CheckMark } from '#app/ui/choice.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, SelectField, TextField } from '#app/ui/form.tsx'
import { NEWS_KINDS, type NewsKind } from '#domain/notify/subscription.ts'

/** A browser subscribes to pushes itself: not here. */
const TYPED_WAYS = ['app', 'browser', 'email', 'webhook'] as const
type TypedWay = (typeof TYPED_WAYS)[number]

/** Makes a subscription, or changes what one tells. */
export function SubscriptionForm({
  subscription,
  list,
  stores,
  onDone,
}: {
  /** Null: a new one. */
  subscription: Subscription | null
  list: SubscriptionList
  stores: readonly StoreSummary[]
  onDone: () => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const actor = useActor()
  const [way, setWay] = useState<TypedWay>('email')
  const [address, setAddress] = useState('')
  const [person, setPerson] = useState(actor ?? '')
  const [wishes, setWishes] = useState<Required<Wishes>>(subscription ? wishesOf(subscription) : EVERYTHING)
  const refresh = () => queryClient.invalidateQueries(trpc.notifications.pathFilter())
  const create = useMutation(trpc.notifications.create.mutationOptions({ onSuccess: refresh }))
  const change = useMutation(
    trpc.notifications.change.mutationOptions({ onSuccess: () => refresh().then(onDone) }),
  )
  const remove = useMutation(
    trpc.notifications.remove.mutationOptions({ onSuccess: () => refresh().then(onDone) }),
  )
  const secret = useMutation(trpc.notifications.secret.mutationOptions())
  const wish = (part: Partial<Wishes>) => setWishes({ ...wishes, ...part })

  /** Whose address is known need not type it. */
  function choosePerson(name: string) {
    setPerson(name)
    const email = list.people.find(known => known.name === name)?.email
    if (email && way === 'email') setAddress(email)
  }

  function save() {
    if (subscription)
      change.mutate({ subscription: subscription.subscription, wishes, isOn: subscription.isOn })
    else create.mutate({ route: routeOf(way, address), wishes, person, by: actor })
  }

  const shownSecret = create.data?.secret ?? secret.data ?? null
  if (create.data) {
    return (
      <div className="grid gap-3 overflow-y-auto">
        <OutcomeLine done="The subscription is made, and on from now." failed={null} />
        {shownSecret ? <SecretNote secret={shownSecret} /> : null}
        <Button className="justify-self-start" onClick={onDone}>
          Close
        </Button>
      </div>
    )
  }
  const failure = create.error ?? change.error ?? remove.error ?? secret.error
  return (
    <form
      className="grid min-h-0 gap-4 overflow-y-auto p-0.5"
      onSubmit={event => {
        event.preventDefault()
        save()
      }}
    >
      {subscription ? null : (
        <Part title="Who, and by which way" note={wayNote(way, list)}>
          <SelectField
            label="Way"
            value={way}
            onChange={setWay}
            options={TYPED_WAYS.map(known => [known, WAY_TITLES[known]] as const)}
          />
          <Field label={way === 'app' || way === 'browser' ? 'Person (nobody: everybody)' : 'Person'}>
            <TextField
              value={person}
              maxLength={60}
              placeholder="as they call themselves"
              list="people"
              onChange={({ target }) => choosePerson(target.value)}
            />
            <datalist id="people">
              {list.people.map(({ name }) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </Field>
          {way === 'email' || way === 'webhook' ? (
            <Field label={way === 'email' ? 'Address' : 'Address, https://'}>
              <TextField
                type={way === 'email' ? 'email' : 'url'}
                required
                maxLength={way === 'email' ? 320 : 2_000}
                value={address}
                placeholder={way === 'email' ? 'ada@example.com' : 'https://hooks.example.com/…'}
                onChange={({ target }) => setAddress(target.value)}
              />
            </Field>
          ) : null}
        </Part>
      )}
      <Part
        title="What of"
        note="Categories and suppliers narrow shortages; what rules find is about no product."
      >
        <Field label="Kinds">
          <ManyControl
            title="Kinds"
            choices={NEWS_KINDS.map(kind => ({ value: kind, label: KIND_NAMES[kind] ?? kind }))}
            chosen={wishes.kinds}
            onChange={chosen =>
              wish({ kinds: NEWS_KINDS.filter(kind => chosen.includes(kind)) as NewsKind[] })
            }
          />
        </Field>
        <SelectField
          label="How grave"
          value={wishes.leastSeverity}
          onChange={leastSeverity => wish({ leastSeverity })}
          options={[
            ['warning', 'all of them'],
            ['critical', 'critical alone'],
          ]}
        />
        <Field label="Stores">
          <ManyControl
            title="Stores"
            choices={stores.map(({ store, name }) => ({ value: store, label: name }))}
            chosen={wishes.stores}
            onChange={chosen => wish({ stores: chosen })}
          />
        </Field>
        <Field label="Categories">
          <ManyControl
            title="Categories"
            choices={list.categories.map(category => ({ value: category, label: category }))}
            chosen={wishes.categories}
            onChange={categories => wish({ categories })}
          />
        </Field>
        <Field label="Suppliers">
          <ManyControl
            title="Suppliers"
            choices={list.suppliers.map(({ supplier, name }) => ({ value: supplier, label: name }))}
            chosen={wishes.suppliers}
            onChange={suppliers => wish({ suppliers })}
          />
        </Field>
      </Part>
      <Part
        title="When"
        note="What is critical waits for no digest, and for quiet hours only if that is asked for."
      >
        <SelectField
          label="How often"
          value={String(wishes.digestMinutes)}
          onChange={minutes => wish({ digestMinutes: Number(minutes) })}
          options={digestOptions(wishes.digestMinutes)}
        />
        <CheckField
          label="Quiet hours"
          isChecked={wishes.quiet !== null}
          onChange={isOn =>
            wish({ quiet: isOn ? { from: '22:00', to: '07:00', zone: browserZone() } : null })
          }
        />
        {wishes.quiet ? <QuietFields quiet={wishes.quiet} wishes={wishes} wish={wish} /> : null}
      </Part>
      {subscription?.way === 'webhook' && shownSecret ? <SecretNote secret={shownSecret} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" disabled={create.isPending || change.isPending}>
          {subscription ? 'Save' : 'Add'}
        </Button>
        {subscription?.way === 'webhook' && !shownSecret ? (
          <Button onClick={() => secret.mutate({ subscription: subscription.subscription })}>
            Show the secret
          </Button>
        ) : null}
        {subscription ? (
          <Button
            kind="quiet"
            disabled={remove.isPending}
            onClick={() => remove.mutate({ subscription: subscription.subscription })}
          >
            Remove the subscription
          </Button>
        ) : null}
      </div>
      <OutcomeLine done={null} failed={failure ? failureText(failure) : null} />
    </form>
  )
}

function Part({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-xs font-semibold">{title}</legend>
      <p className="text-2xs text-muted">{note}</p>
      <div className="grid grid-cols-1 gap-2 sm:grid-cols-2 lg:grid-cols-3">{children}</div>
    </fieldset>
  )
}

function CheckField({
  label,
  isChecked,
  onChange,
}: {
  label: string
  isChecked: boolean
  onChange: (isChecked: boolean) => void
}) {
  return (
    <Checkbox.Root
      checked={isChecked}
      onCheckedChange={onChange}
      nativeButton
      render={<button type="button" />}
      className="flex min-h-9 items-center gap-2.5 self-end rounded-md text-left text-xs pointer-coarse:min-h-11"
    >
      <CheckMark />
      {label}
    </Checkbox.Root>
  )
}

function QuietFields({
  quiet,
  wishes,
  wish,
}: {
  quiet: { from: string; to: string; zone: string }
  wishes: Required<Wishes>
  wish: (part: Partial<Wishes>) => void
}) {
  const set = (part: Partial<typeof quiet>) => wish({ quiet: { ...quiet, ...part } })
  return (
    <>
      <Field label="From">
        <TextField
          type="time"
          required
          value={quiet.from}
          onChange={({ target }) => set({ from: target.value })}
        />
      </Field>
      <Field label="To">
        <TextField
          type="time"
          required
          value={quiet.to}
          onChange={({ target }) => set({ to: target.value })}
        />
      </Field>
      <Field label="By the clocks of">
        <TextField
          required
          value={quiet.zone}
          maxLength={60}
          onChange={({ target }) => set({ zone: target.value })}
        />
      </Field>
      <CheckField
        label="Critical ones wait too"
        isChecked={wishes.quietForCritical}
        onChange={quietForCritical => wish({ quietForCritical })}
      />
    </>
  )
}

/** What a receiver checks signatures with. */
function SecretNote({ secret }: { secret: string }) {
  return (
    <div className="grid gap-1 rounded-control bg-faint p-3 text-xs">
      <p>
        Messages are signed as Standard Webhooks say, with this secret. Give it to the receiver, and to nobody
        else.
      </p>
      <code className="font-mono text-2xs wrap-anywhere select-all">{secret}</code>
    </div>
  )
}

function routeOf(way: TypedWay, address: string): RouterInputs['notifications']['create']['route'] {
  switch (way) {
    case 'app':
    case 'browser':
      return { way }
    case 'email':
    case 'webhook':
      return { way, address }
  }
}

function wayNote(way: TypedWay, { sendsMail }: SubscriptionList): string {
  const note = WAY_NOTES[way]
  return way === 'email' && !sendsMail
    ? `${note} This installation has no mail server (SMTP_URL): mails are kept in the outbox.`
    : note
}

function digestOptions(minutes: number): (readonly [string, string])[] {
  const known = DIGESTS.map(([value, text]) => [String(value), text] as const)
  const isKnown = known.some(([value]) => value === String(minutes))
  return isKnown ? known : [...known, [String(minutes), `at most every ${minutes} minutes`]]
}

function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
