import type { IncomingMessage } from 'node:http'
import { MAX_DISCARD_REASON, type SettledBefore } from '#server/intake/dead-letters.ts'
import type { Outcome } from '#server/intake/outcome.ts'
import type { Authorize } from './authorize.ts'
import { mediaTypeOf } from './decode-body.ts'
import { appendProblem, HttpProblem } from './problem.ts'
import { contentEncodingOf, type ReadingBudget, refuseAnnouncedLength, withBody } from './request-body.ts'

export interface SettleDeadLetterContext {
  authorize: Authorize
  budget: ReadingBudget
  requeue(request: { deadLetter: number; payload: string | null }): Promise<Outcome | SettledBefore>
  discard(request: { deadLetter: number; reason: string }): Promise<{ kind: 'discarded' } | SettledBefore>
}

/** One letter and what to do with it. */
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
 * @throws HttpProblem for everything but success; 404 unknown letter, 409 settled before, 422 still wrong
 */
export async function settleDeadLetter(
  request: IncomingMessage,
  { deadLetter, action }: DeadLetterPath,
  { authorize, budget, requeue, discard }: SettleDeadLetterContext,
): Promise<Record<string, unknown>> {
  authorize(request)
  if (mediaTypeOf(request.headers['content-type']) !== 'application/json')
    throw new HttpProblem(415, 'Send the body as application/json.')
  const encoding = contentEncodingOf(request)
  refuseAnnouncedLength(request, encoding)
  const text = await withBody(request, { encoding, budget, use: async body => body.toString('utf8') })
  const outcome =
    action === 'discard'
      ? await discard({ deadLetter, reason: parseReason(text) })
      : await requeue({ deadLetter, payload: text.trim() === '' ? null : text }).catch((error: unknown) => {
          throw appendProblem(error, 'the letter is still open, try again later')
        })
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
