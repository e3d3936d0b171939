'use client'

import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from 'react'
import { connectLive } from '#app/socket/live-socket.ts'
import { firstView, LiveStore, type LiveView } from '#app/socket/live-store.ts'

const LiveContext = createContext<LiveStore | null>(null)

/** One live connection for all pages: it stays when one navigates. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new LiveStore())
  useEffect(() => connectLive(store), [store])
  return <LiveContext value={store}>{children}</LiveContext>
}

/** The live state, again at most four times a second. */
export function useLive(): LiveView {
  const store = use(LiveContext)
  if (!store) throw new Error('useLive needs a LiveProvider above it')
  return useSyncExternalStore(store.subscribe, store.view, () => firstView)
}
