import { useSyncExternalStore } from 'react'
import type { Instant } from '#domain/instant.ts'

/**
 * The browser's clock, ticking once a second for all who look; null while the server renders, so that
 * ages appear only where they are true.
 */
export function useNow(): Instant | null {
  return useSyncExternalStore(
    subscribe,
    () => now,
    () => null,
  )
}

let now: Instant | null = null
let ticking: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  ticking ??= setInterval(tick, 1_000)
  if (now === null) tick()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(ticking)
    ticking = undefined
    now = null
  }
}

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}

/** The database's clock: what it said, plus the time since. Immune to a browser whose clock is wrong. */
export function useServerNow({
  data,
  dataUpdatedAt,
}: {
  data: { now: Instant } | undefined
  dataUpdatedAt: number
}): Instant | null {
  const now = useNow()
  if (!data) return null
  return now === null ? data.now : data.now + Math.max(0, now - dataUpdatedAt)
}
