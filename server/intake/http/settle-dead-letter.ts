import type { IncomingMessage } from 'node:http'
import { announcedBody, type BodyLimits } from '#platform/http/body.ts'
import { HttpProblem, tryLater } from '#platform/http/problem.ts'
import { MAX_DISCARD_REASON, type SettledBefore } from '#server/intake/dead-letters.ts'
import type { Outcome } from '#server/intake/outcome.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { mediaTypeOf } from './decode-body.ts'

export interface SettleDeadLetterContext {
  body: BodyLimits
  requeue(request: { deadLetter: number; payload: string | null }): Promise<Outcome | SettledBefore>
  discard(request: { deadLetter: number; reason: string }): Promise<{ kind: 'discarded' } | SettledBefore>
}

/** One dead letter and what to do with it. */
export interface DeadLetterPath {
  deadLetter: number
  action: 'requeue' | 'discard'
}

/** `/api/v1/dead-letters/17/requeue` or `…/discard`; null for any other path. */
export function parseDeadLetterPath(path: string): DeadLetterPath | null {
  const match = /^\/api\/v1\/dead-letters\/([1-9]\d{0,14})\/(requeue|discard)$/.exec(path)
  return match ? { deadLetter: Number(match[1]), action: match[2] as DeadLetterPath['action'] } : null
}

/**
 * Requeue: the body is the repaired event as JSON; without a body the event goes as it was kept. Discard: the
 * body is `{"reason": "…"}`. The type must be JSON: a page elsewhere cannot send that without asking first.
 * @throws HttpProblem for everything but success; 404 unknown dead letter, 409 settled before, 422 still wrong
 */
export async function settleDeadLetter(
  request: IncomingMessage,
  { deadLetter, action }: DeadLetterPath,
  { body, requeue, discard, sendContinue }: SettleDeadLetterContext & { sendContinue(): void },
): Promise<Record<string, unknown>> {
  if (mediaTypeOf(request.headers['content-type']) !== 'application/json')
    throw new HttpProblem(415, 'Send the body as application/json.')
  const announced = announcedBody(request, body)
  sendContinue()
  const text = await announced.read(async raw => raw.toString('utf8'))
  const outcome =
    action === 'discard'
      ? await discard({ deadLetter, reason: parseReason(text) })
      : await requeue({ deadLetter, payload: text.trim() === '' ? null : text }).catch(deadLetterIsStillOpen)
  switch (outcome.kind) {
    case 'appended':
      return { outcome: 'appended', entries: outcome.entries }
    case 'duplicate':
    case 'discarded':
      return { outcome: outcome.kind }
    case 'conflict':
    case 'refused': {
      const { reason, detail } = outcome.rejection
      throw new HttpProblem(422, detail, { members: { reason } })
    }
    case 'settled':
      throw outcome.state === 'unknown'
        ? new HttpProblem(404, `There is no dead letter ${deadLetter}.`)
        : new HttpProblem(409, `Dead letter ${deadLetter} is ${outcome.state} already.`)
  }
}

function deadLetterIsStillOpen(error: unknown): never {
  if (!(error instanceof LogUnavailableError)) throw error
  throw tryLater(
    503,
    'The order log is not available: the dead letter is still open, try again later.',
    error,
  )
}

function parseReason(text: string): string {
  const reason = readReason(text)?.trim() ?? ''
  if (reason === '' || reason.length > MAX_DISCARD_REASON)
    throw new HttpProblem(400, `Say why: {"reason": "…"}, with 1 to ${MAX_DISCARD_REASON} characters.`)
  return reason
}

function readReason(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('reason' in value)) return null
    return typeof value.reason === 'string' ? value.reason : null
  } catch {
    // Not JSON: the answer says what to send.
    return null
  }
}
