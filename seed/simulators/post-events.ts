import { SECOND_MS } from '#domain/instant.ts'
import { backoffMs } from '#platform/time.ts'

/** Sends one request of so many lines. */
export type PostEvents = (lines: readonly string[]) => Promise<Answer>

const ANSWER_WITHIN_MS = 20 * SECOND_MS

/**
 * Sends events as a till does: POST /api/v1/events, one event a line, on connections that are kept. It never
 * throws: a lost connection is an answer too.
 */
export function createPostEvents(options: {
  /** http://host:port */
  url: string
  intakeKey: string | undefined
  stop: AbortSignal
}): PostEvents {
  const { url, intakeKey, stop } = options
  const headers: Record<string, string> = {
    'content-type': 'application/x-ndjson',
    ...(intakeKey === undefined ? {} : { authorization: `Bearer ${intakeKey}` }),
  }
  return async lines => {
    // One controller a request, let go of at its end: signals that follow a long-lived one pile up.
    const request = new AbortController()
    const abort = () => request.abort()
    const overdue = setTimeout(abort, ANSWER_WITHIN_MS)
    stop.addEventListener('abort', abort, { once: true })
    try {
      if (stop.aborted) abort()
      const response = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers,
        body: lines.join('\n'),
        signal: request.signal,
      })
      const retryAfter = response.headers.get('retry-after') ?? ''
      const body = (await response.json().catch(() => ({}))) as {
        accepted?: number
        duplicates?: number
        rejected?: Rejected[]
      }
      return {
        kind: 'answered',
        status: response.status,
        retryAfterMs: /^\d+$/.test(retryAfter) ? Number(retryAfter) * SECOND_MS : null,
        accepted: body.accepted ?? 0,
        duplicates: body.duplicates ?? 0,
        rejected: body.rejected ?? [],
      }
    } catch (error) {
      return { kind: 'unreachable', detail: causeOf(error) }
    } finally {
      clearTimeout(overdue)
      stop.removeEventListener('abort', abort)
    }
  }
}

/** fetch says 'fetch failed'; why is in its cause. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? String(error)
}

/** What came back from the intake for one request. */
export type Answer =
  | { kind: 'unreachable'; detail: string }
  | {
      kind: 'answered'
      status: number
      retryAfterMs: number | null
      accepted: number
      duplicates: number
      rejected: Rejected[]
    }

export interface Rejected {
  /** Of the event in its request. */
  index: number
  id: string | null
  reason: string
  detail: string
}

type Verdict =
  /** Everything that can be stored is stored. */
  | { kind: 'delivered'; rejected: Rejected[] }
  /** The whole request again, in its place: what was stored is recognised. */
  | { kind: 'again'; afterMs: number; isAway: boolean }
  /** The same would be refused again. */
  | { kind: 'refused'; detail: string }
  /** Nothing we send will be taken: wrong key, a shop that is not known. */
  | { kind: 'hopeless'; detail: string }

const BACKOFF = { firstMs: 500, longestMs: 10 * SECOND_MS }
const MOST_RETRY_AFTER_MS = 60 * SECOND_MS

/**
 * What a till does after an answer.
 * @param attempt how often this request was sent, from 1
 * @param jitter in [0, 1): keeps tills that failed together from coming back together
 */
export function judgeAnswer(answer: Answer, attempt: number, jitter: number): Verdict {
  const backoff = backoffMs(attempt, BACKOFF, jitter)
  if (answer.kind === 'unreachable') return { kind: 'again', afterMs: backoff, isAway: true }
  const { status, retryAfterMs, rejected } = answer
  if (status === 200 || status === 422) {
    const unknown = rejected.find(({ reason }) => reason === 'unknown_store')
    return unknown
      ? {
          kind: 'hopeless',
          detail: `${unknown.detail}. To set up the made-up stores: npm run seed -- --days 0`,
        }
      : { kind: 'delivered', rejected }
  }
  if (status === 401 || status === 403) {
    return {
      kind: 'hopeless',
      detail: `the intake refuses our key (${status}): set INTAKE_KEY to the one it was started with`,
    }
  }
  if (status === 429 || status >= 500) {
    const wanted = retryAfterMs === null ? 0 : Math.min(retryAfterMs, MOST_RETRY_AFTER_MS)
    return {
      kind: 'again',
      afterMs: Math.max(wanted, backoff),
      // Busy is not away: it answers.
      isAway: status !== 429,
    }
  }
  return { kind: 'refused', detail: `the intake answered ${status}` }
}
