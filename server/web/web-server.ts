import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Readiness } from '#server/serving/freshness/readiness.ts'
import { isSameOrigin, type Verdict } from '#server/web/access.ts'
import type { EventForwarder } from '#server/web/forward-events.ts'
import type { WebMetrics } from '#server/web/metrics.ts'
import type { Pages } from '#server/web/pages.ts'
import { type Problem, sendProblem } from '#server/web/problem.ts'

export interface WebServerOptions {
  judge: (request: IncomingMessage) => Verdict
  events: EventForwarder
  metrics: WebMetrics
  readiness: () => Promise<Readiness>
  /** Resolves once pages can be rendered. */
  pages: Promise<Pages>
  secure: (response: ServerResponse) => void
  logger: Logger
  isStopping: () => boolean
}

type Route = 'page' | 'api' | 'events' | 'operations'

const EVENTS_PATH = '/api/v1/events'

/**
 * The web server, not yet listening: events go on to the intake, health and metrics are answered here, all
 * else is a page or the pages' API and needs the password. The live socket attaches to it.
 */
export function createWebServer(options: WebServerOptions): Server {
  const { judge, events, metrics, logger } = options
  const server = createServer({ headersTimeout: 10_000, keepAliveTimeout: 65_000, noDelay: true })

  server.on('request', (request, response) => {
    const began = performance.now()
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    response.once('close', () => {
      metrics.countRequest(routeOf(path), response.statusCode, (performance.now() - began) / 1_000)
    })
    options.secure(response)
    if (options.isStopping()) response.setHeader('Connection', 'close')
    answer(path, request, response).catch((err: unknown) => {
      logger.error({ err, url: request.url }, 'a request failed')
      sendProblem(request, response, {
        status: 500,
        detail: 'The server failed on this request; its log has the cause.',
      })
    })
  })

  async function answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (path) {
      case EVENTS_PATH:
        events.forward(request, response)
        return
      case '/healthz':
        answerOperation(request, response, async () => json(200, { status: 'ok' }))
        return
      case '/readyz':
        answerOperation(request, response, readyAnswer)
        return
      case '/metrics':
        answerOperation(request, response, async () => ({
          status: 200,
          type: metrics.contentType,
          body: await metrics.text(),
        }))
        return
      default: {
        const verdict = judge(request)
        if (verdict.kind !== 'welcome') {
          sendProblem(request, response, refusal(verdict))
          return
        }
        if (!isRead(request) && !isSameOrigin(request)) {
          sendProblem(request, response, {
            status: 403,
            detail:
              'Only pages of this dashboard may change something here, and this request came from another one.',
          })
          return
        }
        if (verdict.cookie !== null) response.setHeader('Set-Cookie', verdict.cookie)
        const pages = await options.pages
        await pages.handle(request, response)
      }
    }
  }

  function answerOperation(
    request: IncomingMessage,
    response: ServerResponse,
    read: () => Promise<OperationAnswer>,
  ): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const detail = `${request.method} is not allowed here, only GET and HEAD.`
      sendProblem(request, response, { status: 405, detail, headers: { Allow: 'GET, HEAD' } })
      return
    }
    read().then(
      ({ status, type, body, headers }) => {
        response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers })
        response.end(body)
      },
      (err: unknown) => {
        logger.error({ err, url: request.url }, 'a request failed')
        sendProblem(request, response, {
          status: 500,
          detail: 'The server failed on this request; its log has the cause.',
        })
      },
    )
  }

  async function readyAnswer(): Promise<OperationAnswer> {
    const { ready, parts } = await options.readiness()
    if (ready) return json(200, { status: 'ready', parts })
    const failing = Object.entries(parts).flatMap(([part, state]) => (state === 'ok' ? [] : [part]))
    return {
      ...json(503, {
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail: `Not ready: ${failing.join(', ')}.`,
        failing,
        parts,
      }),
      type: 'application/problem+json',
      headers: { 'Retry-After': '2' },
    }
  }

  return server
}

interface OperationAnswer {
  status: number
  type: string
  body: string
  headers?: Record<string, string>
}

function json(status: number, value: unknown): OperationAnswer {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}

function refusal(verdict: Exclude<Verdict, { kind: 'welcome' }>): Problem {
  switch (verdict.kind) {
    case 'password-needed':
      return {
        status: 401,
        detail: 'The dashboard asks for its password (DASHBOARD_PASSWORD); any user name will do.',
        headers: { 'WWW-Authenticate': 'Basic realm="Tillstream", charset="UTF-8"' },
      }
    case 'wrong-host':
      return {
        status: 403,
        detail: `The dashboard has no password, so it answers this machine only, and not under the name ${JSON.stringify(verdict.host)}: open it as http://localhost, or set DASHBOARD_PASSWORD and HOST.`,
      }
  }
}

/** Whether a request changes nothing. What others do is refused to pages elsewhere: a browser would send them our cookie. */
function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

function routeOf(path: string): Route {
  if (path === EVENTS_PATH) return 'events'
  if (path.startsWith('/api/')) return 'api'
  return path === '/healthz' || path === '/readyz' || path === '/metrics' ? 'operations' : 'page'
}
