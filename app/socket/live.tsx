'use client'

import { createContext, type ReactNode, use, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { io, type Socket } from 'socket.io-client'
import { LiveStore, type LiveView, unknownView, viewOf } from '#app/socket/live-store.ts'
import { pageArrivedAt } from '#app/ui/clock.ts'
import {
  DASHBOARD_TOPICS,
  type LiveSnapshot,
  type LiveStand,
  type LiveUpdate,
} from '#server/web/live/messages.ts'

const LiveContext = createContext<LiveStore | null>(null)
/** What the page below was rendered with. Around the page (navigation, toasts) nothing is known then. */
const FirstViewContext = createContext<LiveView>(unknownView)

/** One live connection for all pages: it stays when one navigates. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => new LiveStore())
  useEffect(() => connectLive(store), [store])
  return <LiveContext value={store}>{children}</LiveContext>
}

/** The live state's store, for who looks on without rendering. */
export function useLiveStore(): LiveStore {
  const store = use(LiveContext)
  if (!store) throw new Error('the live state needs a LiveProvider above it')
  return store
}

/**
 * The live state, again at most four times a second. The server renders with what it has read for the page, and the
 * browser begins with the same.
 */
export function useLive(): LiveView {
  const store = useLiveStore()
  const first = use(FirstViewContext)
  return useSyncExternalStore(
    store.subscribe,
    () => {
      const view = store.view()
      return view === unknownView ? first : view
    },
    () => first,
  )
}

/** A page that was rendered with a first snapshot: until the socket has gone on from there it is what is known. */
export function BeginLive({ beginning, children }: { beginning: LiveSnapshot | null; children: ReactNode }) {
  const store = useLiveStore()
  const first = useMemo(() => (beginning ? viewOf(beginning) : unknownView), [beginning])
  useEffect(() => store.begin(first, pageArrivedAt()), [store, first])
  return <FirstViewContext value={first}>{children}</FirstViewContext>
}

const RETRY_MS = 1_000

interface FromServer {
  snapshot: (snapshot: LiveSnapshot) => void
  update: (update: LiveUpdate) => void
  stand: (stand: LiveStand) => void
}

/**
 * Connects a store to the live socket and keeps it connected: after a break from the cursor it has, after
 * a gap from a fresh snapshot.
 * @returns closes the connection for good
 */
function connectLive(store: LiveStore): () => void {
  const socket: Socket<FromServer, Record<string, never>> = io('/live', {
    auth: tell => tell({ since: store.cursor, topics: DASHBOARD_TOPICS }),
    // Straight to the WebSocket, long polling only where that is blocked.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  })
  let retry: ReturnType<typeof setTimeout> | undefined

  socket.on('connect', () => store.connected())
  socket.on('snapshot', snapshot => store.takeSnapshot(snapshot))
  socket.on('update', update => {
    // The store has forgotten its cursor: the next connection begins with a snapshot.
    if (!store.takeUpdate(update)) socket.disconnect()
  })
  socket.on('stand', stand => store.takeStand(stand))
  socket.on('disconnect', lost)
  socket.on('connect_error', lost)

  // The client reconnects by itself after a break, but not when the connection was closed on purpose (by the
  // server that found it slow or shuts down, or here after a gap) or refused.
  function lost() {
    store.lost()
    if (socket.active) return
    clearTimeout(retry)
    retry = setTimeout(() => socket.connect(), RETRY_MS)
  }

  return () => {
    socket.off()
    clearTimeout(retry)
    socket.disconnect()
  }
}
