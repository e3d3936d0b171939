'use client'

import { useSyncExternalStore } from 'react'

/** False on the server and in the first render of the browser, which must be the same; true afterwards. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    subscribeToNothing,
    () => true,
    () => false,
  )
}

const subscribeToNothing = () => () => {}
