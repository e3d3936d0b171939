import { io, type Socket } from 'socket.io-client'
import type { LiveStore } from '#app/socket/live-store.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'

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
export function connectLive(store: LiveStore): () => void {
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
  socket.on('disconnect', () => {
    store.lost()
    connectIfNobodyDoes()
  })
  socket.on('connect_error', () => {
    store.lost()
    connectIfNobodyDoes()
  })

  // The client reconnects by itself after a break, but not when the connection was closed on purpose (by the
  // server that found it slow or shuts down, or here after a gap) or refused.
  function connectIfNobodyDoes() {
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
