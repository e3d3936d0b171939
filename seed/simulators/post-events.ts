import type { SentEvent } from '#domain/event.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { Answer, Rejected } from './judge-answer.ts'

export type PostEvents = (events: readonly SentEvent[]) => Promise<Answer>

const ANSWER_WITHIN_MS = 20 * SECOND_MS

/** Sends events as a till does: POST /api/v1/events. It never throws: a lost connection is an answer too. */
export function createPostEvents(options: {
  /** http://host:port */
  url: string
  intakeKey: string | undefined
  stop: AbortSignal
}): PostEvents {
  const { url, intakeKey, stop } = options
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(intakeKey === undefined ? {} : { authorization: `Bearer ${intakeKey}` }),
  }
  return async events => {
    try {
      const response = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers,
        body: JSON.stringify(events),
        signal: AbortSignal.any([stop, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
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
