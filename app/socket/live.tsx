'use client'

import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from 'react'
import { io, type Socket } from 'socket.io-client'
import { firstView, LiveStore, type LiveView } from '#app/socket/live-store.ts'
import { classNames } from '#app/ui/class-names.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'

const LiveContext = createContext<LiveStore | null>(null)

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

/** The live state, again at most four times a second. */
export function useLive(): LiveView {
  const store = useLiveStore()
  return useSyncExternalStore(store.subscribe, store.view, () => firstView)
}

/** What this dashboard draws. Not asked for, stock is not sent. */
const TOPICS = ['sales', 'windows', 'alerts', 'pipeline']
const RETRY_MS = 1_000

interface FromServer {
  snapshot: (snapshot: LiveSnapshot) => void
  update: (update: LiveUpdate) => void
}

/**
 * Connects a store to the live socket and keeps it connected: after a break from the cursor it has, after
 * a gap from a fresh snapshot.
 * @returns closes the connection for good
 */
function connectLive(store: LiveStore): () => void {
  const socket: Socket<FromServer, Record<string, never>> = io('/live', {
    auth: tell => tell({ since: store.cursor, topics: TOPICS }),
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

const STATES = {
  connecting: { text: 'Connecting', dot: 'border-2 border-muted' },
  live: { text: 'Live', dot: 'bg-good' },
  reconnecting: { text: 'Reconnecting', dot: 'border-2 border-bad' },
}

/** Whether what is shown still moves, and how far it is behind. Shape and word say it, not only the colour. */
export function LiveIndicator({ behind }: { behind: string | null }) {
  const { connection } = useLive()
  const { text, dot } = STATES[connection]
  return (
    <p className="flex min-h-9 sm:order-last items-center gap-2 text-xs whitespace-nowrap text-muted">
      <span aria-hidden="true" className={classNames('size-2 rounded-full', dot)} />
      {/* Only the change of the connection is announced: the lag changes all the time. */}
      <span>
        <span role="status">{text}</span>
        {connection === 'live' && behind ? `, ${behind}` : null}
      </span>
    </p>
  )
}
