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

/**
 * When the page came, by this browser's clock: what it was rendered with is as old at least. Once somebody has gone
 * to another page it says nothing any more, and an answer counts from when it is seen.
 */
export function pageArrivedAt(): Instant {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return page ? performance.timeOrigin + page.responseStart : Date.now()
}

/** When an answer was first seen, by this browser's clock. What the server has rendered carries the server's. */
const seenAt = new WeakMap<object, Instant>()

function firstSeen(answer: object, now: Instant): Instant {
  const known = seenAt.get(answer)
  if (known !== undefined) return known
  seenAt.set(answer, now)
  return now
}

/** How long an answer is there; 0 while the server renders. @param now this browser's clock */
export function ageOf(answer: object, now: Instant | null): number {
  return now === null ? 0 : Math.max(0, now - firstSeen(answer, now))
}

/** The database's clock: what it said, plus the time since. Immune to a browser whose clock is wrong. */
export function useServerNow({ data }: { data: { now: Instant } | undefined }): Instant | null {
  const now = useNow()
  return data ? data.now + ageOf(data, now) : null
}
