import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import { checkReadiness, type ReadinessCheck } from './health.ts'
import { type PostEventsContext, postEvents } from './post-events.ts'
import { HttpProblem, tryLater } from './problem.ts'
import { sendJson, sendProblem, sendText } from './respond.ts'
import { parseDeadLetterPath, type SettleDeadLetterContext, settleDeadLetter } from './settle-dead-letter.ts'

export interface IntakeServerOptions {
  context: PostEventsContext & SettleDeadLetterContext
  readiness: Readonly<Record<string, ReadinessCheck>>
  metrics: IntakeMetrics
  logger: Logger
  /** Longest time a sender waits for its commit before it is told to come again. */
  answerWithinMs: number
  /** Longest time a sender may take for the head of a request; for all of it, three times that. */
  headWithinMs: number
  /** True while the process ends: connections are not kept. */
  isStopping(): boolean
}

const READINESS_TIMEOUT_MS = 2_000

/** Connections at once: a sender needs one, and each may hold a body in memory. */
const MAX_CONNECTIONS = 2_000

/** The intake's HTTP server, not yet listening. Plain node:http: a framework's routing would be its largest cost. */
export function createIntakeServer(options: IntakeServerOptions): Server {
  const { metrics, logger } = options
  const server = createServer({
    // Against senders that trickle: they are answered 408 and cut.
    headersTimeout: options.headWithinMs,
    requestTimeout: 3 * options.headWithinMs,
    connectionsCheckingInterval: Math.min(2_000, options.headWithinMs / 4),
    keepAliveTimeout: 65_000,
    noDelay: true,
  })
  server.maxConnections = MAX_CONNECTIONS

  function serve(request: IncomingMessage, response: ServerResponse, sendContinue: () => void): void {
    const began = performance.now()
    response.once('close', () => {
      metrics.countRequest(response.statusCode, (performance.now() - began) / 1_000)
    })
    // A sender that hangs up is its own affair; the events that were read are stored and recognised later.
    response.on('error', () => {})
    if (options.isStopping()) response.setHeader('Connection', 'close')
    answer(request, response, sendContinue).catch((error: unknown) => {
      const problem = error instanceof HttpProblem ? error : unexpected(error)
      report(problem, request)
      sendProblem(request, response, problem)
    })
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    sendContinue: () => void,
  ): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0]
    switch (path) {
      case '/api/v1/events': {
        allow(request, ['POST'])
        const stored = postEvents(request, options.context, sendContinue)
        sendJson(response, 200, await inTime(stored, options.answerWithinMs))
        return
      }
      case '/healthz':
        allow(request, ['GET', 'HEAD'])
        sendJson(response, 200, { status: 'ok' })
        return
      case '/readyz':
        allow(request, ['GET', 'HEAD'])
        sendJson(response, 200, await checkReadiness(options.readiness, READINESS_TIMEOUT_MS))
        return
      case '/metrics':
        allow(request, ['GET', 'HEAD'])
        sendText(response, await metrics.registry.metrics(), metrics.registry.contentType)
        return
      default: {
        const letter = parseDeadLetterPath(path ?? '')
        if (letter === null)
          throw new HttpProblem(404, 'There is nothing here. Events go to POST /api/v1/events.')
        allow(request, ['POST'])
        sendContinue()
        const settled = settleDeadLetter(request, letter, options.context)
        sendJson(response, 200, await inTime(settled, options.answerWithinMs))
      }
    }
  }

  function report(problem: HttpProblem, request: IncomingMessage): void {
    if (problem.status !== 500 && problem.status !== 503) return
    const level = problem.status === 500 ? 'error' : 'warn'
    logger[level]({ err: problem.cause, status: problem.status, url: request.url }, problem.message)
  }

  server.on('request', (request, response) => serve(request, response, () => {}))
  server.on('checkContinue', (request, response) => serve(request, response, () => response.writeContinue()))
  server.on('checkExpectation', (request, response) => {
    sendProblem(
      request,
      response,
      new HttpProblem(417, 'The only Expect that is understood is 100-continue.'),
    )
  })
  return server
}

function allow(request: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return
  throw new HttpProblem(405, `${request.method} is not allowed here, only ${methods.join(', ')}.`, {
    headers: { Allow: methods.join(', ') },
  })
}

/** The appends go on when the time is over: what they store is recognised when the sender comes again. */
async function inTime<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        tryLater(503, `The order log did not commit within ${ms / 1_000} s: send the whole request again.`),
      )
    }, ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function unexpected(cause: unknown): HttpProblem {
  return new HttpProblem(500, 'The intake failed on this request; nothing of it is acknowledged.', { cause })
}
