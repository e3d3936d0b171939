import { SECOND_MS } from '#domain/instant.ts'
import type { Answer, Rejected } from './judge-answer.ts'

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
      const body = (await response.json().catch(() => ({}))) as {
        accepted?: number
        duplicates?: number
        rejected?: Rejected[]
      }
      return {
        kind: 'answered',
        status: response.status,
        retryAfterMs: retryAfterOf(response.headers.get('retry-after')),
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

function retryAfterOf(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) * SECOND_MS : null
}

/** fetch says 'fetch failed'; why is in its cause. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? String(error)
}
