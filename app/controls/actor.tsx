import { useEffect, useSyncExternalStore } from 'react'
import { useSeenOverview } from '#app/shell/overview.ts'
import type { Overview } from '#app/trpc/router-outputs.ts'
import { useStored } from '#app/ui/browser-state.ts'

const LONGEST_NAME = 60
/** What the server reads who acts from. */
const COOKIE = 'tillstream_person'
const KEPT_SECONDS = 365 * 86_400

type Person = Overview['people'][number]

/** Who acts: one of the people that are known, or, where nobody was entered, the name that this browser keeps. */
export function useActor(): string | null {
  const [name] = useStored('tillstream.actor')
  const { people, person } = usePerson()
  return people.length > 0 ? (person?.name ?? null) : name?.trim() || null
}

/** Who works here, and who of them this browser says to be. Nobody checks it: it tells colleagues whom to ask. */
export function usePerson(): {
  people: readonly Person[]
  person: Person | null
  choose: (id: string) => void
} {
  const people = useSeenOverview('people') ?? NOBODY
  const chosen = useSyncExternalStore(subscribe, readCookie, () => null)
  return { people, person: people.find(({ person }) => person === chosen) ?? null, choose: writeCookie }
}

const NOBODY: readonly Person[] = []

/** Says who one is, where people are known. In the demo one is the buyer until one says otherwise. */
export function PersonControl({ className }: { className?: string }) {
  const { people, person, choose } = usePerson()
  const isDemo = (useSeenOverview('demoNote') ?? null) !== null
  useEffect(() => {
    const buyer = people.find(({ role }) => role === 'buyer')
    if (isDemo && buyer && readCookie() === null) writeCookie(buyer.person)
  }, [isDemo, people])
  if (people.length === 0) return null
  return (
    <label className={className ?? 'flex min-w-0 items-center gap-2 text-2xs text-muted'}>
      You
      <select
        value={person?.person ?? ''}
        onChange={({ target }) => choose(target.value)}
        className="h-9 w-full min-w-0 rounded-control border border-control bg-panel px-2 text-xs text-text pointer-coarse:h-11"
      >
        {person ? null : <option value="">nobody yet</option>}
        {people.map(({ person: id, name, role }) => (
          <option key={id} value={id}>
            {name}, {role}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Asks who acts, beside what they do. */
export function ActorField() {
  const [name, store] = useStored('tillstream.actor')
  const { people } = usePerson()
  // The navigation asks.
  if (people.length > 0) return null
  return (
    <label className="flex items-center gap-2 text-2xs text-muted">
      Your name
      <input
        value={name ?? ''}
        onChange={({ target }) => store(target.value === '' ? null : target.value)}
        maxLength={LONGEST_NAME}
        autoComplete="nickname"
        placeholder="shown to others"
        className="h-9 w-36 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-muted pointer-coarse:h-11"
      />
    </label>
  )
}

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function readCookie(): string | null {
  return new RegExp(`(?:^|;\\s*)${COOKIE}=([a-z0-9-]+)`).exec(document.cookie)?.[1] ?? null
}

function writeCookie(person: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${COOKIE}=${person}; path=/; max-age=${KEPT_SECONDS}; samesite=lax`
  for (const listener of listeners) listener()
}
