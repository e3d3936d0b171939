import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { HttpProblem } from './problem.ts'

/** On every answer sent from here, none of which is a page: a browser is to render, frame, cache and guess nothing. */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

// How much, and for how long, of a refused body is read and dropped: closing at once would reset the
// connection, and the sender would never see why.
const MAX_DRAINED_BYTES = 32 * 1_048_576
const MAX_DRAIN_MS = 5_000

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, { status, type: 'application/json', body: JSON.stringify(value) })
}

export function sendText(response: ServerResponse, body: string, type: string): void {
  send(response, { status: 200, type, body })
}

/** Answers with the problem. A body that was not read to its end is drained within bounds, then the connection closes. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, problem: HttpProblem): void {
  if (response.destroyed) return
  if (response.headersSent) {
    // Half an answer is out: cut, so that nobody takes it for the whole.
    response.destroy()
    return
  }
  const { status, headers } = problem
  const answer = { status, type: 'application/problem+json', body: problem.body(), headers }
  if (request.complete || !hasBody(request)) {
    send(response, answer)
    return
  }
  writeHead(response, { ...answer, headers: { ...headers, Connection: 'close' } })
  response.write(answer.body)
  drain(request, () => {
    response.end()
    request.socket.destroySoon()
  })
}

interface Answer {
  status: number
  type: string
  body: string
  headers?: OutgoingHttpHeaders
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return
  writeHead(response, answer)
  response.end(answer.body)
}

function writeHead(response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  })
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Reads what is left of a body and drops it, within bounds, so that its sender sees the answer. */
export function drain(request: IncomingMessage, done: () => void): void {
  let drained = 0
  const timer = setTimeout(finish, MAX_DRAIN_MS)
  function onData(chunk: Buffer): void {
    drained += chunk.length
    if (drained > MAX_DRAINED_BYTES) finish()
  }
  function finish(): void {
    clearTimeout(timer)
    request.off('data', onData).off('end', finish).off('close', finish)
    done()
  }
  request.on('data', onData).on('end', finish).on('close', finish)
  request.resume()
}
