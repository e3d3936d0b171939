'use client'

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
