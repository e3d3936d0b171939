'use client'

import { useSyncExternalStore } from 'react'

// One tour a page, begun from the navigation and shown by the layout: neither is above the other.
let current: number | null = null
const listeners = new Set<() => void>()

/** The step that is shown, counted from 0; null while there is no tour. */
export function useTourStep(): number | null {
  return useSyncExternalStore(
    subscribe,
    () => current,
    () => null,
  )
}

export function showTourStep(step: number | null): void {
  current = step
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
