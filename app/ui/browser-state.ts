import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
/** Where a browser refuses to store anything, what was chosen lasts as long as the page. */
const unstored = new Map<string, string>()

/**
 * A word that this browser keeps, the same for all who look, in all its pages; null where there is none, and
 * while the server renders.
 */
export function useStored(key: string): [value: string | null, store: (value: string | null) => void] {
  const value = useSyncExternalStore(
    subscribe,
    useCallback(() => read(key), [key]),
    () => null,
  )
  return [value, useCallback(next => write(key, next), [key])]
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return unstored.get(key) ?? null
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    if (value === null) unstored.delete(key)
    else unstored.set(key, value)
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  // Another page of this browser wrote it.
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** False on the server and in the first render of the browser, which must be the same; true afterwards. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    subscribeToNothing,
    () => true,
    () => false,
  )
}

const subscribeToNothing = () => () => {}
