import { io, type Socket } from 'socket.io-client'
import { decodeCursor, subscriptionOf, TOPICS } from '#server/web/live/cursor.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'

/** A message of the live socket, in the order of arrival. */
export type Frame = { kind: 'snapshot'; said: LiveSnapshot } | { kind: 'update'; said: LiveUpdate }

/** A client of the live socket that keeps all it is told, and comes back with its cursor as a page does. */
export interface Listener {
  readonly frames: readonly Frame[]
  /** Forgets what has been looked at. */
  forget(): void
  /** Cuts the line; it comes back by itself with the cursor it has. */
  reconnect(): void
  /** Comes back without a cursor, as a page that was reloaded. */
  reload(): void
  /** Where it stands, for the report of one that does not get on. */
  stand(): { isConnected: boolean; frames: number; offsets: readonly number[] }
  close(): void
}

const ASK_AGAIN_MS = 100

export function listen(url: string): Listener {
  let frames: Frame[] = []
  let since: string | null = null
  let isClosed = false
  const socket: Socket = io(`${url}/live`, {
    transports: ['websocket'],
    auth: tell => tell({ since }),
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
    forceNew: true,
  })
  const hear = (frame: Frame) => {
    frames.push(frame)
    since = frame.said.cursor
  }
  socket.on('snapshot', (said: LiveSnapshot) => hear({ kind: 'snapshot', said }))
  socket.on('update', (said: LiveUpdate) => hear({ kind: 'update', said }))
  // Of a server that ends the line (it has no database, or we were slow) the library expects us to ask again. Where the
  // line was cut here, it is being opened by then: a second request would make two clients of one line.
  const askUnlessActive = () => {
    if (!isClosed && !socket.active) socket.connect()
  }
  const insist = () => setTimeout(askUnlessActive, ASK_AGAIN_MS)
  socket.on('disconnect', insist)
  socket.on('connect_error', insist)
  const comeBack = () => {
    socket.disconnect()
    socket.connect()
  }
  return {
    get frames() {
      return frames
    },
    forget() {
      frames = frames.slice(-1)
    },
    reconnect: comeBack,
    reload() {
      since = null
      comeBack()
    },
    stand: () => ({
      isConnected: socket.connected,
      frames: frames.length,
      offsets: since === null ? [] : offsetsOf(since),
    }),
    close() {
      isClosed = true
      socket.disconnect()
    },
  }
}

const EVERYTHING = subscriptionOf(TOPICS, []).key

/** Offsets by partition that a cursor stands for. @throws when it is none */
export function offsetsOf(cursor: string): readonly number[] {
  const decoded = decodeCursor(cursor, EVERYTHING)
  if (!decoded) throw new Error(`"${cursor}" is no cursor of everything`)
  return decoded.offsets
}
