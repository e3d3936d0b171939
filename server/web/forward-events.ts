import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { sendProblem } from '#server/web/problem.ts'

// Of one connection only (RFC 9110, 7.6.1), and `expect`, which this server answers itself.
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The intake answers or refuses within 15 s of having read a request. */
const TIMEOUT_MS = 60_000
const RETRY_AFTER_SECONDS = 2
/** What is left of a body after a refusal is read and dropped this long, so that the sender sees the answer. */
const DRAIN_MS = 5_000

export interface EventForwarder {
  forward(request: IncomingMessage, response: ServerResponse): void
  close(): void
}

/**
 * Passes `/api/v1/events` on to the intake, both ways as a stream: nothing is buffered here, so the sender
 * feels the intake's backpressure. While the intake is away, or when it goes before it has answered, the
 * answer is 503: the sender sends again and what was stored is recognised.
 */
export function createEventForwarder(intake: { host: string; port: number }): EventForwarder {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const upstream = httpRequest({
      ...intake,
      agent,
      method: request.method,
      path: request.url,
      headers: { ...endToEnd(request.headers), ...bodyLength(request) },
      timeout: TIMEOUT_MS,
    })
    upstream.on('response', answer => passBack(answer, { request, response, upstream }))
    upstream.on('timeout', () => upstream.destroy(new Error('no answer in time')))
    upstream.on('error', () => {
      if (response.destroyed) return
      request.unpipe(upstream)
      sendProblem(request, response, {
        status: 503,
        detail:
          'The intake does not answer: it may be starting. Send the whole request again; what was stored is recognised.',
        headers: { 'Retry-After': RETRY_AFTER_SECONDS },
      })
      dropRest(request)
    })
    // A sender that hangs up takes its request back.
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy()
    })
    request.pipe(upstream)
  }

  return { forward, close: () => agent.destroy() }
}

function passBack(
  answer: IncomingMessage,
  sender: { request: IncomingMessage; response: ServerResponse; upstream: NodeJS.WritableStream },
): void {
  const { request, response, upstream } = sender
  if (response.destroyed || response.headersSent) {
    answer.destroy()
    return
  }
  const headers = endToEnd(answer.headers)
  // A refusal may come before the whole body was read: the rest is not for a next request.
  response.writeHead(
    answer.statusCode ?? 502,
    request.complete ? headers : { ...headers, Connection: 'close' },
  )
  answer.pipe(response)
  answer.on('end', () => {
    request.unpipe(upstream)
    dropRest(request)
  })
  answer.on('error', () => response.destroy())
}

function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(/\s*,\s*/))
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)),
  )
}

/** A body of unknown length is chunked again; without either header Node would send none. */
function bodyLength({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return headers['transfer-encoding'] === undefined ? {} : { 'Transfer-Encoding': 'chunked' }
}

function dropRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), DRAIN_MS)
  request.once('close', () => clearTimeout(timer))
}
