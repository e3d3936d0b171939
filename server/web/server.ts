import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { isDatabaseAway } from '#db/database-away.ts'
import { createGuessStore } from '#db/guesses.ts'
import { keepMeter } from '#db/meter.ts'
import type { Instant } from '#domain/instant.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { isLoopback } from '#platform/environment.ts'
import { bearerKey } from '#platform/http/access.ts'
import { boundConnections } from '#platform/http/connections.ts'
import { KeyDoor, tooManyGuesses } from '#platform/http/key-door.ts'
import { closeServer, listen } from '#platform/http/listen.ts'
import { createPeerReader, createProxyTrust } from '#platform/http/peer.ts'
import { allowMethods, HttpProblem, HUNG_UP, HungUpError } from '#platform/http/problem.ts'
import { readyAnswer } from '#platform/http/readiness.ts'
import { sendJson, sendProblem, sendText } from '#platform/http/respond.ts'
import { StageGauge, type StageReading } from '#platform/stage-gauge.ts'
import { startPeriodic, within } from '#platform/time.ts'
import type { NotifySettings } from '#server/notify/outcome.ts'
import { startNotifyWorker } from '#server/notify/worker.ts'
import { readAges } from '#server/serving/freshness/ages.ts'
import { readReadiness } from '#server/serving/freshness/readiness.ts'
import { SAMPLE_LOOK_MS, sampleLag } from '#server/serving/pipeline/lag-samples.ts'
import { orderByRules } from '#server/serving/purchasing/auto-rules.ts'
import { sendWaiting } from '#server/serving/purchasing/outbox.ts'
import { type Intake, openServing, provideServing } from '#server/serving/serving.ts'
import { Gate } from '#server/web/gate.ts'
import { createIntakeClient } from '#server/web/intake.ts'
import { isSameOrigin, Logins, NO_SESSION_COOKIE, type Verdict } from '#server/web/login.ts'
import { createWebMetrics, type Route } from '#server/web/metrics.ts'
import type { Pages } from '#server/web/pages.ts'
import { secure, tellPolicy } from '#server/web/security-headers.ts'
import { CHANGES_HELD } from './live/changes.ts'
import { Gateway, type GatewayStats } from './live/gateway.ts'
import { attachLiveSocket, MAX_CLIENTS } from './live/socket.ts'

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
  /** Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; none unless given. */
  trustedProxies?: readonly string[]
  /** How messages leave this installation: undefined for mails in the outbox and links to this server. */
  notify?: NotifySettings
  dev: boolean
  demoNote: string | null
  logger: Logger
  clock?: () => Instant
  /** Longest time a sender may take for the head of a request; for all of it, three times that. */
  headWithinMs?: number
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

const DRAIN_MS = 1_500
const HEAD_WITHIN_MS = 10_000
const IDLE_MS = 120_000
/** How often it looks whether a rule has something to order, and something of the buyers' waits to be sent still. */
const CLERK_LOOKS_MS = 3_000
const FRESHNESS_EVERY_MS = 10_000
/** Browsers open six each, and one for the live socket. */
const MAX_CONNECTIONS = 2_000
const MAX_CONNECTIONS_OF_ONE = 500
const EVENTS_PATH = '/api/v1/events'
const BASIC = { 'WWW-Authenticate': 'Basic realm="Tillstream", charset="UTF-8"' }

/**
 * Starts the dashboard's server: events go on to the intake, health and metrics are answered here, all else is a
 * page or the pages' API and needs the password. The live socket attaches to it.
 * @throws ListenError
 */
export async function startWeb(options: WebOptions): Promise<WebService> {
  const { host, logger, dev, intakeKey, clock = Date.now } = options
  const intake = createIntakeClient({
    host: options.intakeHost ?? reachable(host),
    port: options.intakePort,
    intakeKey,
  })
  const { notify } = options
  const serving = openServing(options.databaseUrl, {
    notify: { sendsMail: notify?.smtpUrl !== undefined, privateWebhooks: notify?.privateWebhooks ?? [] },
    demoNote: options.demoNote,
    asksPassword: options.dashboardPassword !== undefined,
    intake,
    onFault: (err, question) => logger.error({ err, question }, 'a question failed'),
  })
  provideServing(serving)
  const { sql } = serving
  const lagSampling = startPeriodic(() => sampleLag(sql), {
    everyMs: SAMPLE_LOOK_MS,
    onFailure: err => logger.debug({ err }, 'how far behind the paths are was not written down'),
  })
  const clerk = startPeriodic(() => lookAfterOrders(sql, intake), {
    everyMs: CLERK_LOOKS_MS,
    // Without a database nothing can have been entered.
    onFailure: err =>
      logger[isDatabaseAway(err) ? 'debug' : 'warn'](
        { err },
        'orders were not looked after: what was entered is kept',
      ),
  })
  const onError = (err: unknown, doing: string) => logger.warn({ err }, `trouble while ${doing}`)
  const onGuessError = (error: unknown) => onError(error, 'counting wrong guesses')
  const peerOf = createPeerReader(options.trustedProxies ?? [])
  const logins = new Logins({
    sql,
    password: options.dashboardPassword,
    clock,
    peerOf,
    onError: onGuessError,
  })
  const keyDoor = new KeyDoor({
    key: intakeKey,
    store: createGuessStore(sql, 'key'),
    clock,
    peerOf,
    onError: onGuessError,
  })
  // Not waited for: the server answers while the database is away.
  void Promise.all([logins.open(), keyDoor.open()])
  const meter = new CostMeter()
  const clientStages = {
    clients: new StageGauge('live_clients', MAX_CLIENTS),
    slow: new StageGauge('live_slow_clients', MAX_CLIENTS),
    changes: new StageGauge('live_changes', CHANGES_HELD),
  }
  let slowDisconnects = 0
  function readStages(stats: GatewayStats): StageReading[] {
    clientStages.clients.set(stats.clients)
    clientStages.slow.set(stats.slowClients)
    clientStages.slow.meet(stats.slowDisconnects - slowDisconnects)
    slowDisconnects = stats.slowDisconnects
    clientStages.changes.set(stats.changesHeld)
    return Object.values(clientStages).map(stage => stage.read())
  }
  const gateway = new Gateway({
    sql,
    clock,
    onError,
    onPushed: (ms, sales) => meter.observe('pushed', ms, sales),
  })
  const metering = keepMeter(meter, {
    sql,
    path: 'serving',
    process: `web ${hostname()}:${process.pid}`,
    stages: () => readStages(gateway.stats()),
    onFailure: err => onError(err, 'writing down what this process costs'),
  })
  const sampling = startPeriodic(() => sampleFreshness(sql, meter), {
    everyMs: FRESHNESS_EVERY_MS,
    onFailure: err => onError(err, 'looking how fresh the figures are'),
  })
  const metrics = createWebMetrics(sql, gateway)
  const gate = new Gate()
  const pages = Promise.withResolvers<Pages>()
  pages.promise.catch(() => {})
  let stopping = false

  const headWithinMs = options.headWithinMs ?? HEAD_WITHIN_MS
  const server = createServer({
    // Against senders that trickle: they are answered 408 and cut.
    headersTimeout: headWithinMs,
    requestTimeout: 3 * headWithinMs,
    connectionsCheckingInterval: Math.min(2_000, headWithinMs / 4),
    keepAliveTimeout: 65_000,
    noDelay: true,
  })
  const isProxy = createProxyTrust(options.trustedProxies ?? [])
  boundConnections(server, {
    most: MAX_CONNECTIONS,
    mostOfOne: MAX_CONNECTIONS_OF_ONE,
    isExempt: address => isLoopback(address) || isProxy(address),
  })
  // A reader that takes nothing of its answer.
  server.setTimeout(IDLE_MS)
  server.on('request', (request, response) => {
    const began = performance.now()
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : HUNG_UP
      metrics.countRequest(routeOf(path), status, (performance.now() - began) / 1_000)
    })
    // Who hangs up while it is being answered has its own reasons.
    response.on('error', () => {})
    secure(response, { dev, isSecure: peerOf(request).isSecure })
    if (stopping) response.setHeader('Connection', 'close')
    answer(path, request, response).catch((err: unknown) => {
      if (err instanceof HungUpError || request.socket.destroyed) return
      if (err instanceof HttpProblem) return sendProblem(request, response, err)
      logger.error({ err, url: request.url }, 'a request failed')
      const detail = 'The server failed on this request; its log has the cause.'
      sendProblem(request, response, new HttpProblem(500, detail, { cause: err }))
    })
  })
  const sockets = attachLiveSocket({
    server,
    gateway,
    onFull: () => clientStages.clients.meet(),
    async admits(request) {
      if (!isSameOrigin(request)) return false
      const verdict = await logins.judge(request).catch(() => null)
      return verdict?.kind === 'welcome'
    },
  })
  if (dev) passUpgradesOn(server, pages.promise)

  async function answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (path) {
      case EVENTS_PATH:
        // Whoever guesses is stopped here: the intake would take this process for who guesses.
        if (intakeKey !== undefined) keyDoor.admit(request)
        return intake.forward(request, response)
      case '/healthz':
        allowMethods(request, 'GET', 'HEAD')
        return sendJson(response, 200, { status: 'ok' })
      case '/readyz': {
        allowMethods(request, 'GET', 'HEAD')
        await admitOperator(request)
        const { parts } = await readReadiness(sql)
        return sendJson(response, 200, readyAnswer(parts))
      }
      case '/metrics':
        allowMethods(request, 'GET', 'HEAD')
        await admitOperator(request)
        return sendText(response, await metrics.text(), metrics.contentType)
      case '/logout':
        allowMethods(request, 'POST')
        gate.refuseByHead(path, request)
        return logOut(request, response)
      default: {
        gate.refuseByHead(path, request)
        const { by } = await admit(request)
        // For pages alone: whoever asks the API with the password each time needs no session.
        if (by === 'password' && isRead(request) && !path.startsWith('/api/'))
          await beginSession(request, response)
        const { handle } = await pages.promise
        tellPolicy(request, response)
        return gate.readWithin(path, request, read => handle(read, response))
      }
    }
  }

  /** @throws HttpProblem 401 or 403 */
  async function admit(request: IncomingMessage): Promise<Extract<Verdict, { kind: 'welcome' }>> {
    const verdict = await logins.judge(request)
    if (verdict.kind !== 'welcome') throw refusal(verdict)
    if (isRead(request) || isSameOrigin(request)) return verdict
    throw new HttpProblem(
      403,
      'Only pages of this dashboard may change something here, and this request came from another one.',
    )
  }

  /** What this process says of itself is for this machine, or for who has the key or the password. */
  async function admitOperator(request: IncomingMessage): Promise<void> {
    if (isLoopback(host)) return
    if (intakeKey !== undefined && bearerKey(request) !== null) {
      try {
        return keyDoor.admit(request)
      } catch (error) {
        // Not the key, but perhaps a login.
        if (!(error instanceof HttpProblem) || error.status !== 403) throw error
      }
    }
    await admit(request)
  }

  async function beginSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      response.setHeader('Set-Cookie', await logins.begin(request))
    } catch (error) {
      // The page says itself that the database is away.
      onError(error, 'beginning a session')
    }
  }

  /**
   * Ends the session and its sockets, or with `?everywhere` all sessions there are. A browser keeps the password too, until it is refused: so the first answer
   * is 401, and whoever gives the password again comes back without a session, to be sent to the first page.
   */
  async function logOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await admit(request)
    const session = await logins.end(request)
    response.setHeader('Set-Cookie', NO_SESSION_COOKIE)
    const everywhere = request.url === '/logout?everywhere'
    if (everywhere) await logins.endAll()
    if (session === null) {
      response.writeHead(303, { Location: '/' }).end()
      return
    }
    sockets.cut(socketRequest => everywhere || logins.sessionOf(socketRequest) === session)
    throw new HttpProblem(401, 'You are logged out. Load the page again to log in.', { headers: BASIC })
  }

  let url: string
  try {
    url = await listen(server, { host, port: options.port, name: 'The dashboard', portSetting: 'PORT' })
  } catch (error) {
    await gateway.stop()
    await Promise.all([metering.stop(), sampling.stop(), lagSampling.stop(), clerk.stop()])
    await serving.close()
    throw error
  }
  gateway.listenForHints()
  const worker = startNotifyWorker({
    databaseUrl: options.databaseUrl,
    settings: notify ?? {
      smtpUrl: undefined,
      mailFrom: 'tillstream@localhost',
      dashboardUrl: url,
      privateWebhooks: [],
    },
    onFailure: error => onError(error, 'telling people of alerts'),
  })
  options.openPages({ host, port: Number(new URL(url).port) }).then(pages.resolve, pages.reject)
  return {
    url,
    pages: pages.promise,
    async stop() {
      stopping = true
      const closed = closeServer(server, DRAIN_MS)
      await within(sockets.close(), DRAIN_MS)
      await closed
      await gateway.stop()
      await within(
        Promise.all([metering.stop(), sampling.stop(), lagSampling.stop(), clerk.stop(), worker.stop()]),
        DRAIN_MS,
      )
      intake.close()
      await within(closePages(pages.promise), DRAIN_MS)
      await serving.close()
    },
  }
}

async function sampleFreshness(sql: Sql, meter: CostMeter): Promise<void> {
  const { streamMs, batchMs } = await readAges(sql)
  meter.observe('stream age', streamMs)
  if (batchMs !== null) meter.observe('batch age', batchMs)
}

function refusal(verdict: Exclude<Verdict, { kind: 'welcome' }>): HttpProblem {
  switch (verdict.kind) {
    case 'password-needed':
      return new HttpProblem(
        401,
        'The dashboard asks for its password (DASHBOARD_PASSWORD); any user name will do.',
        { headers: BASIC },
      )
    case 'too-many-guesses':
      return tooManyGuesses('passwords', verdict.seconds)
    case 'wrong-host':
      return new HttpProblem(
        403,
        `The dashboard has no password, so it answers this machine only, and not under the name ${JSON.stringify(verdict.host)}: open it as http://localhost, or set DASHBOARD_PASSWORD and HOST.`,
      )
  }
}

/** Whether a request changes nothing. What others do is refused to pages elsewhere: a browser would send them our cookie. */
function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** What is answered here, and not by pages. */
export const OWN_PATHS = [EVENTS_PATH, '/healthz', '/readyz', '/metrics', '/logout'] as const

function routeOf(path: string): Route {
  if (path === EVENTS_PATH) return 'events'
  if (path.startsWith('/api/')) return 'api'
  return path === '/healthz' || path === '/readyz' || path === '/metrics' ? 'operations' : 'page'
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

async function closePages(pages: Promise<Pages>): Promise<void> {
  const opened = await pages.catch(() => null)
  await opened?.close()
}

/** Sends what buyers entered and the intake has not taken yet; then what rules order by themselves. */
async function lookAfterOrders(sql: Sql, intake: Intake): Promise<void> {
  await sendWaiting(sql, intake)
  const placed = await orderByRules(sql)
  if (placed.length > 0) await sendWaiting(sql, intake)
}
