import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { SECOND_MS } from '#domain/instant.ts'
import { isLoopback } from '#platform/environment.ts'
import type { KeyDoor } from '#platform/http/key-door.ts'
import { allowMethods, HttpProblem, HUNG_UP, HungUpError, tryLater } from '#platform/http/problem.ts'
import { checkParts, type ReadinessCheck, readyAnswer } from '#platform/http/readiness.ts'
import { sendJson, sendProblem, sendText } from '#platform/http/respond.ts'
import { refuseMalformedTarget } from '#platform/http/target.ts'
import { deadline } from '#platform/time.ts'
import { OverloadedError } from '#server/intake/append/appender.ts'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { type PostEventsContext, postEvents } from './post-events.ts'
import { parseDeadLetterPath, type SettleDeadLetterContext, settleDeadLetter } from './settle-dead-letter.ts'

export interface IntakeServerOptions {
  context: PostEventsContext & SettleDeadLetterContext
  /** The address listened on. Beyond loopback, readiness and metrics too are only for who has the key. */
  host: string
  /** Who may come in. */
  door: KeyDoor
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

/** The intake's HTTP server, not yet listening. Plain node:http: a framework's routing would be its largest cost. */
export function createIntakeServer(options: IntakeServerOptions): Server {
  const { metrics, logger, context, answerWithinMs, door } = options
  const server = createServer({
    // Against senders that trickle: they are answered 408 and cut.
    headersTimeout: options.headWithinMs,
    requestTimeout: 3 * options.headWithinMs,
    connectionsCheckingInterval: Math.min(2_000, options.headWithinMs / 4),
    keepAliveTimeout: 65_000,
    noDelay: true,
  })

  function serve(request: IncomingMessage, response: ServerResponse, sendContinue: () => void): void {
    const began = performance.now()
    response.once('close', () => {
      // A sender that hangs up is its own affair; the events that were read are stored and recognised later.
      const status = response.writableFinished ? response.statusCode : HUNG_UP
      metrics.countRequest(status, (performance.now() - began) / SECOND_MS)
    })
    response.on('error', () => {})
    if (options.isStopping()) response.setHeader('Connection', 'close')
    answer(request, response, sendContinue).catch((error: unknown) => {
      if (error instanceof HungUpError) return
      const problem = problemOf(error)
      report(problem, request)
      sendProblem(request, response, problem)
    })
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    sendContinue: () => void,
  ): Promise<void> {
    refuseMalformedTarget(request)
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    switch (path) {
      case '/api/v1/events':
        allowMethods(request, 'POST')
        door.admit(request)
        {
          const began = performance.now()
          sendJson(response, 200, await inTime(postEvents(request, context, sendContinue), answerWithinMs))
          metrics.countAnswer(performance.now() - began)
        }
        return
      case '/healthz':
        allowMethods(request, 'GET', 'HEAD')
        sendJson(response, 200, { status: 'ok' })
        return
      case '/readyz':
        allowMethods(request, 'GET', 'HEAD')
        if (!isLoopback(options.host)) door.admit(request)
        sendJson(response, 200, readyAnswer(await checkParts(options.readiness, READINESS_TIMEOUT_MS)))
        return
      case '/metrics':
        allowMethods(request, 'GET', 'HEAD')
        if (!isLoopback(options.host)) door.admit(request)
        sendText(response, await metrics.registry.metrics(), metrics.registry.contentType)
        return
      default: {
        const deadLetter = parseDeadLetterPath(path)
        if (deadLetter === null)
          throw new HttpProblem(404, 'There is nothing here. Events go to POST /api/v1/events.')
        allowMethods(request, 'POST')
        door.admit(request)
        const settled = settleDeadLetter(request, deadLetter, { ...context, sendContinue })
        sendJson(response, 200, await inTime(settled, answerWithinMs))
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

/** The appends go on when the time is over: what they store is recognised when the sender comes again. */
function inTime<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  return deadline(work, ms, () =>
    tryLater(503, `The order log did not commit within ${ms / SECOND_MS} s: send the whole request again.`),
  )
}

function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof OverloadedError) {
    const [first = '', ...others] = error.message
    return tryLater(429, `${first.toUpperCase()}${others.join('')}: send the request again later.`)
  }
  if (error instanceof LogUnavailableError)
    return tryLater(503, 'The order log is not available: send the whole request again later.', error)
  return new HttpProblem(500, 'The intake failed on this request; nothing of it is acknowledged.', {
    cause: error,
  })
}
