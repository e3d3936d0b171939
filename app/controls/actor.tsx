import { useStored } from '#app/ui/browser-state.ts'

const LONGEST_NAME = 60

/** The name that stands beside what one does, kept in this browser; null while none was given. */
export function useActor(): string | null {
  const [name] = useStored('tillstream.actor')
  return name?.trim() || null
}

/** Asks for that name. Nobody checks it: it tells colleagues whom to ask. */
export function ActorField() {
  const [name, store] = useStored('tillstream.actor')
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
