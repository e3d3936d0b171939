import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { type Namespace, Server, type Socket } from 'socket.io'
import { z } from 'zod'
import { isPlainText } from '#platform/http/target.ts'
import { type Subscription, subscriptionOf, TOPICS } from './cursor.ts'
import type { Gateway } from './gateway.ts'
import type { LiveSnapshot, LiveStand, LiveUpdate } from './messages.ts'

const plainText = z.string().refine(isPlainText, { error: 'holds NUL or half a character' })

/** What a client sends as `auth` when it connects. */
export const authSchema = z.object({
  since: plainText.max(2_000).nullish(),
  topics: z.array(z.enum(TOPICS)).max(TOPICS.length).nullish(),
  stores: z.array(plainText.min(1).max(128)).max(1_000).nullish(),
})

/** @throws Error with a sentence for the client */
export function parseAuth(auth: unknown): { subscription: Subscription; since: string | null } {
  const parsed = authSchema.safeParse(auth ?? {})
  if (!parsed.success) {
    throw new Error(
      `auth: ${z.prettifyError(parsed.error)}. Send { since?, topics?: [${TOPICS.join(', ')}], stores?: [id] }.`,
    )
  }
  const { since, topics, stores } = parsed.data
  return { subscription: subscriptionOf(topics ?? TOPICS, stores ?? []), since: since ?? null }
}

interface ToClient {
  snapshot: (snapshot: LiveSnapshot) => void
  update: (update: LiveUpdate) => void
  stand: (stand: LiveStand) => void
}
type LiveNamespace = Namespace<Record<string, never>, ToClient>
type LiveConnection = Socket<Record<string, never>, ToClient>

export interface LiveSocketOptions {
  server: HttpServer
  gateway: Gateway
  /** Whether a handshake may pass: origin and login. Never rejects. */
  admits: (request: IncomingMessage) => Promise<boolean>
  /** Told of each that is turned away because there are too many. */
  onFull?: () => void
}

export interface LiveSockets {
  /** Ends the connections whose handshake belongs to somebody who may not listen any more. */
  cut(isConcerned: (handshake: IncomingMessage) => boolean): void
  /** Ends every connection. */
  close(): Promise<void>
}

/** A client sends its handshake and nothing else. */
const MAX_MESSAGE_BYTES = 100_000
/** Who polls holds no connection, and is a client all the same. */
export const MAX_CLIENTS = 1_000
const PING_INTERVAL_MS = 20_000
const PING_TIMEOUT_MS = 20_000
const CONNECT_TIMEOUT_MS = 10_000

/** Serves the namespace `/live` on the web server. */
export function attachLiveSocket({ server, gateway, admits, onFull }: LiveSocketOptions): LiveSockets {
  const io = new Server(server, {
    serveClient: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    // Long polling alone would hold a client for 40 s after each request that begins one.
    connectTimeout: CONNECT_TIMEOUT_MS,
    allowRequest(request, decide) {
      if (io.engine.clientsCount >= MAX_CLIENTS) {
        onFull?.()
        decide('too many clients', false)
        return
      }
      void admits(request).then(isAdmitted => decide(null, isAdmitted))
    },
  })
  const live: LiveNamespace = io.of('/live')
  live.use((socket, next) => {
    try {
      parseAuth(socket.handshake.auth)
      next()
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)))
    }
  })
  live.on('connection', socket => welcome(socket, gateway))
  // The other namespace of every Socket.IO server has nothing to say.
  io.of('/').use((_socket, next) => next(new Error('there is nothing here: connect to /live')))
  return {
    cut(isConcerned) {
      for (const socket of live.sockets.values()) {
        if (isConcerned(socket.request)) socket.disconnect(true)
      }
    },
    close: () => io.close(),
  }
}

function welcome(socket: LiveConnection, gateway: Gateway): void {
  const { subscription, since } = parseAuth(socket.handshake.auth)
  const leave = gateway.join({
    subscription,
    since,
    snapshot: snapshot => socket.emit('snapshot', snapshot),
    update: update => socket.emit('update', update),
    stand: stand => socket.volatile.emit('stand', stand),
    // False from a send until the kernel has taken it all: its buffers are full. With long polling, until
    // the client asks again.
    congested: () => !socket.conn.transport.writable,
    disconnect: reason => {
      leave()
      // What waits is thrown away: closing would else wait for a reader that does not read.
      if (reason === 'slow') dropConnection(socket)
      else socket.disconnect(true)
    },
  })
  socket.once('disconnect', leave)
}

function dropConnection(socket: LiveConnection): void {
  socket.conn.close(true)
  socket.conn.request.socket.destroy()
}
