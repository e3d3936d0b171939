import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
} as const

export interface Problem {
  status: keyof typeof TITLES
  /** What is wrong and what to do. */
  detail: string
  headers?: OutgoingHttpHeaders
  /** Further members of the answer. */
  members?: Readonly<Record<string, unknown>>
}

/** Answers `application/problem+json` (RFC 9457). A body that was not read is dropped with its connection. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, detail, headers, members } = problem
  const body = JSON.stringify({ type: 'about:blank', title: TITLES[status], status, detail, ...members })
  response.writeHead(status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...headers,
    ...(request.complete ? {} : { Connection: 'close' }),
  })
  response.end(body)
}
