import type { OutgoingHttpHeaders } from 'node:http'
import { OverloadedError } from '#server/intake/append/appender.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
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

/**
 * What a sender is told of an append that failed; what is none of the append's failures is thrown on.
 * @param repeat what to do when the log is not available
 */
export function appendProblem(error: unknown, repeat: string): HttpProblem {
  if (error instanceof OverloadedError) {
    const [first = '', ...others] = error.message
    return tryLater(429, `${first.toUpperCase()}${others.join('')}: send the request again later.`)
  }
  if (error instanceof LogUnavailableError)
    return tryLater(503, `The order log is not available: ${repeat}.`, error)
  throw error
}
