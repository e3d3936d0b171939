import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
} as const

export type ProblemStatus = keyof typeof TITLES

/** A request that is refused, as it is answered: `application/problem+json` (RFC 9457). */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly status: ProblemStatus
  readonly headers: OutgoingHttpHeaders
  /** Further members of the answer. */
  readonly members: Readonly<Record<string, unknown>>

  /** @param detail what is wrong, and what to do */
  constructor(
    status: ProblemStatus,
    detail: string,
    more: { headers?: OutgoingHttpHeaders; members?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause })
    this.status = status
    this.headers = more.headers ?? {}
    this.members = more.members ?? {}
  }

  body(): string {
    return JSON.stringify({
      type: 'about:blank',
      title: TITLES[this.status],
      status: this.status,
      detail: this.message,
      ...this.members,
    })
  }
}

/** Refused for now: the sender repeats the whole request, what was stored is recognised. */
export function tryLater(status: 429 | 503, detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem(status, detail, {
    // Spread over a few seconds, so that the refused do not all come back in one.
    headers: { 'Retry-After': String(1 + Math.floor(Math.random() * 3)) },
    cause,
  })
}

/** Counted as the status where the sender hung up before it was answered: nginx's number for that. */
export const HUNG_UP = 499

/** The sender has gone: there is nobody to answer, and nothing of ours has failed. */
export class HungUpError extends Error {
  override readonly name = 'HungUpError'

  constructor(cause?: unknown) {
    super('The sender closed the connection.', { cause })
  }
}

/** @throws HttpProblem 405 when the request's method is none of these */
export function allowMethods(request: Pick<IncomingMessage, 'method'>, ...methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return
  throw new HttpProblem(405, `${request.method} is not allowed here, only ${methods.join(' and ')}.`, {
    headers: { Allow: methods.join(', ') },
  })
}
