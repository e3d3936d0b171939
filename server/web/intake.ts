import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { httpOrigin } from '#platform/http/listen.ts'
import { HttpProblem } from '#platform/http/problem.ts'
import { drain, sendProblem } from '#platform/http/respond.ts'
import { within } from '#platform/time.ts'
import type { Intake, IntakeAnswer, SendAnswer } from '#server/serving/serving.ts'

// The intake alone writes to the log. This process reaches it over HTTP, as everything does: it passes on what
// tills post here, and asks it to settle dead letters.

export interface IntakeOptions {
  host: string
  port: number
  /** Sent as a till sends it; undefined when the intake asks for none. */
  intakeKey: string | undefined
}

export interface IntakeClient extends Intake {
  /**
   * Passes `/api/v1/events` on to the intake, both ways as a stream: nothing is buffered here, so the sender
   * feels the intake's backpressure. While the intake is away, or when it goes before it has answered, the
   * answer is 503: the sender sends again and what was stored is recognised.
   */
  forward(request: IncomingMessage, response: ServerResponse): void
  close(): void
}

/** The intake answers or refuses within 15 s of having read a request, which may take its time to arrive. */
const FORWARD_TIMEOUT_MS = 60_000
const SETTLE_TIMEOUT_MS = 20_000
/** Past the 2 s after which the intake itself says which part does not answer. */
const READINESS_TIMEOUT_MS = 3_000
/** Who asks again waits no longer for an intake that is slow to say how it is, and hears what it said last. */
const READINESS_WAIT_MS = 300
const READINESS_KEPT_MS = 15_000
const AWAY: IntakeAnswer = {
  kind: 'away',
  detail: 'The intake does not answer: it may be starting. Nothing has changed; try again.',
}

export function createIntakeClient({ host, port, intakeKey }: IntakeOptions): IntakeClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const origin = httpOrigin(host, port)
  const withKey: Record<string, string> =
    intakeKey === undefined ? {} : { Authorization: `Bearer ${intakeKey}` }

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const upstream = httpRequest({
      host,
      port,
      agent,
      method: request.method,
      path: request.url,
      headers: { ...endToEnd(request.headers), ...bodyLength(request) },
      timeout: FORWARD_TIMEOUT_MS,
    })
    upstream.on('response', answer => passBack(answer, { request, response, upstream }))
    upstream.on('timeout', () => upstream.destroy(new Error('no answer in time')))
    upstream.on('error', () => {
      if (response.destroyed) return
      request.unpipe(upstream)
      const detail =
        'The intake does not answer: it may be starting. Send the whole request again; what was stored is recognised.'
      sendProblem(request, response, new HttpProblem(503, detail, { headers: { 'Retry-After': '2' } }))
    })
    // A sender that hangs up takes its request back.
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy()
    })
    request.pipe(upstream)
  }

  async function settle(path: string, body: string): Promise<IntakeAnswer> {
    let response: Response
    try {
      response = await fetch(`${origin}/api/v1/dead-letters/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...withKey },
        body,
        signal: AbortSignal.timeout(SETTLE_TIMEOUT_MS),
      })
    } catch {
      return AWAY
    }
    return answerOf(response.status, await response.json().catch(() => null))
  }

  async function send(events: readonly unknown[]): Promise<SendAnswer> {
    let response: Response
    try {
      response = await fetch(`${origin}/api/v1/events`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...withKey },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(SETTLE_TIMEOUT_MS),
      })
    } catch {
      return SENDING_AWAY
    }
    return sendAnswerOf(response.status, await response.json().catch(() => null))
  }

  let asking: Promise<string> | null = null
  let said: { readiness: string; at: number } | null = null

  async function askReadiness(): Promise<string> {
    let readiness = 'does not answer'
    try {
      const signal = AbortSignal.timeout(READINESS_TIMEOUT_MS)
      const response = await fetch(`${origin}/readyz`, { headers: withKey, signal })
      readiness = readinessOf(response.status, await response.json())
    } catch {}
    said = { readiness, at: performance.now() }
    asking = null
    return readiness
  }

  return {
    forward,
    send,
    async readiness() {
      const last = said
      asking ??= askReadiness()
      const question = asking
      if (last === null || performance.now() - last.at > READINESS_KEPT_MS) return question
      return (await within(question, READINESS_WAIT_MS)) ? question : last.readiness
    },
    requeue: ({ deadLetter, payload }) => settle(`${deadLetter}/requeue`, payload ?? ''),
    discard: ({ deadLetter, reason }) => settle(`${deadLetter}/discard`, JSON.stringify({ reason })),
    close: () => agent.destroy(),
  }
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
    if (!request.complete && !request.destroyed) {
      drain(request, () => {
        if (!request.complete) request.socket.destroy()
      })
    }
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

function answerOf(status: number, body: unknown): IntakeAnswer {
  const { outcome, detail } = fieldsOf(body)
  if (status === 200 && (outcome === 'appended' || outcome === 'duplicate' || outcome === 'discarded'))
    return { kind: outcome }
  if (status === 401 || status === 403) {
    return { kind: 'away', detail: WRONG_KEY }
  }
  if (status === 429 || status >= 500 || detail === null)
    return { ...AWAY, ...(detail === null ? {} : { detail }) }
  return { kind: 'refused', detail }
}

const SENDING_AWAY = {
  kind: 'away',
  detail:
    'The intake does not answer: it may be starting. What was entered is kept, and sent as soon as it does.',
} as const

/** 200 and 422 say what of the events was refused; anything else, that none was looked at. */
function sendAnswerOf(status: number, body: unknown): SendAnswer {
  if (status === 401 || status === 403) return { kind: 'away', detail: WRONG_KEY }
  const rejected = (body as { rejected?: unknown } | null)?.rejected
  if ((status !== 200 && status !== 422) || !Array.isArray(rejected)) return SENDING_AWAY
  return {
    kind: 'taken',
    rejected: rejected.map(({ index, detail }) => ({ index: Number(index), detail: String(detail) })),
  }
}

const WRONG_KEY = 'The intake does not know the key of this dashboard: give both one INTAKE_KEY.'

/** What the intake's /readyz answered, in a few words: a process that runs may yet take nothing. */
function readinessOf(status: number, body: unknown): string {
  if (status === 200) return 'ok'
  if (status === 401 || status === 403) return 'does not know the key of this dashboard'
  const { parts } = (body ?? {}) as { parts?: Record<string, unknown> }
  const failing = Object.entries(parts ?? {}).filter(([, state]) => state !== 'ok')
  if (failing.length === 0) return `answers ${status}`
  return `is not ready: ${failing.map(([part, state]) => `${part} (${state})`).join(', ')}`
}

function fieldsOf(body: unknown): { outcome: string | null; detail: string | null } {
  if (typeof body !== 'object' || body === null) return { outcome: null, detail: null }
  const { outcome, detail } = body as Record<string, unknown>
  return {
    outcome: typeof outcome === 'string' ? outcome : null,
    detail: typeof detail === 'string' ? detail : null,
  }
}
