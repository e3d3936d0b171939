import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { isLoopback } from '#platform/environment.ts'
import { readReadiness } from '#server/serving/freshness/readiness.ts'
import { openServing, provideServing } from '#server/serving/serving.ts'
import { createAccess, isSameOrigin } from '#server/web/access.ts'
import { createEventForwarder } from '#server/web/forward-events.ts'
import { createIntakeDoor } from '#server/web/intake-door.ts'
import { createWebMetrics } from '#server/web/metrics.ts'
import type { Pages } from '#server/web/pages.ts'
import { securityHeaders } from '#server/web/security-headers.ts'
import { createWebServer } from '#server/web/web-server.ts'
import { Gateway, listenForHints } from './live/gateway.ts'
import { attachLiveSocket } from './live/socket.ts'

export interface WebOptions {
  /** A migrated database. */
  databaseUrl: string
  host: string
  /** 0 for any free port. */
  port: number
  intakePort: number
  /** Undefined: the intake is on this machine. */
  intakeHost?: string | undefined
  /** The key tills send, with which the dashboard settles dead letters; undefined when none is asked for. */
  intakeKey?: string | undefined
  /** Undefined asks for none. */
  dashboardPassword: string | undefined
  dev: boolean
  demoNote: string | null
  logger: Logger
  /** Opens what renders pages; called once the port is ours. */
  openPages: (address: { host: string; port: number }) => Promise<Pages>
}

export interface WebService {
  /** http://host:port */
  url: string
  /** Rejects when pages cannot be rendered at all. */
  pages: Promise<unknown>
  /** Ends connections and is done within 5 s. */
  stop(): Promise<void>
}

/** The web server's address cannot be listened on. The message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

const DRAIN_MS = 1_500

/** Starts the dashboard's server: pages, their API, the live socket. @throws ListenError */
export async function startWeb(options: WebOptions): Promise<WebService> {
  const { host, logger, dev } = options
  const intake = { host: options.intakeHost ?? reachable(host), port: options.intakePort }
  const serving = openServing(options.databaseUrl, {
    demoNote: options.demoNote,
    intake: createIntakeDoor({ ...intake, intakeKey: options.intakeKey }),
  })
  provideServing(serving)
  const onError = (err: unknown, doing: string) => logger.warn({ err }, `trouble while ${doing}`)
  const gateway = new Gateway({ sql: serving.sql, clock: Date.now, onError })
  const metrics = createWebMetrics(serving.sql, gateway)
  const events = createEventForwarder(intake)
  const judge = createAccess(options.dashboardPassword)
  const opening = Promise.withResolvers<Pages>()
  opening.promise.catch(() => {})
  let stopping = false
  const server = createWebServer({
    judge,
    events,
    metrics,
    readiness: () => readReadiness(serving.sql),
    pages: opening.promise,
    secure: securityHeaders({ dev }),
    logger,
    isStopping: () => stopping,
  })
  const closeSockets = attachLiveSocket({
    server,
    gateway,
    admits: request => isSameOrigin(request) && judge(request).kind === 'welcome',
  })
  if (dev) passUpgradesOn(server, opening.promise)

  let port: number
  try {
    port = await listen(server, options)
  } catch (error) {
    await gateway.stop()
    await serving.close()
    throw error
  }
  const stopHints = listenForHints({ sql: serving.sql, gateway, onError })
  options.openPages({ host, port }).then(opening.resolve, opening.reject)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    pages: opening.promise,
    async stop() {
      stopping = true
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await within(closeSockets(), DRAIN_MS)
      await within(closed, DRAIN_MS)
      server.closeAllConnections()
      await Promise.all([gateway.stop(), stopHints()])
      events.close()
      await within(closePages(opening.promise), DRAIN_MS)
      await serving.close()
    },
  }
}

/** Where this machine's intake answers, when it listens on all addresses. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' || isLoopback(host) ? '127.0.0.1' : host
}

/** Hot reload's WebSockets; the live socket takes its own path. */
function passUpgradesOn(server: Server, pages: Promise<Pages>): void {
  server.on('upgrade', (request, socket, head) => {
    if (!request.url?.startsWith('/_next/')) return
    if (!isSameOrigin(request)) {
      socket.destroy()
      return
    }
    pages.then(opened => opened.upgrade(request, socket, head)).catch(() => socket.destroy())
  })
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ListenError(explainListenProblem(cause, { host, port }), { cause })
  }
  return (server.address() as AddressInfo).port
}

function explainListenProblem(cause: unknown, { host, port }: { host: string; port: number }): string {
  switch ((cause as { code?: string }).code) {
    case 'EADDRINUSE':
      return `Port ${port} at ${host} is taken. Stop what listens there, or set PORT to another port.`
    case 'EACCES':
      return `Port ${port} needs rights this user does not have. Set PORT to a port above 1023.`
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is no address of this machine. Set HOST to one of its addresses, or unset it.`
    default:
      return `The dashboard cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

async function closePages(pages: Promise<Pages>): Promise<void> {
  const opened = await pages.catch(() => null)
  await opened?.close()
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}
