import type { IncomingMessage } from 'node:http'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { type DiscardOutcome, MAX_DISCARD_REASON } from '../discard.ts'
import type { RequeueOutcome, RequeueRequest } from '../requeue.ts'
import type { Authorize } from './authorize.ts'
import { mediaTypeOf } from './decode-events.ts'
import { HttpProblem, tryLater } from './problem.ts'
import { contentEncodingOf, type ReadingBudget, refuseAnnouncedLength, withBody } from './request-body.ts'

/** What can be done about a letter. */
export interface LetterDesk {
  requeue(request: RequeueRequest): Promise<RequeueOutcome>
  discard(request: { deadLetter: number; reason: string }): Promise<DiscardOutcome>
}

export interface SettleLetterContext {
  authorize: Authorize
  budget: ReadingBudget
  desk: LetterDesk
}

/** One letter and what to do with it. */
export interface LetterPath {
  deadLetter: number
  action: 'requeue' | 'discard'
}

/** `/api/v1/dead-letters/17/requeue` or `…/discard`; null for any other path. */
export function parseLetterPath(path: string): LetterPath | null {
  const match = /^\/api\/v1\/dead-letters\/([1-9]\d{0,14})\/(requeue|discard)$/.exec(path)
  return match ? { deadLetter: Number(match[1]), action: match[2] as LetterPath['action'] } : null
}

/**
 * Requeue: the body is the repaired event as JSON; without a body the event goes as it was kept. Discard: the
 * body is `{"reason": "…"}`. The type must be JSON: a page elsewhere cannot send that without asking first.
 * @throws HttpProblem for everything but success; 404 unknown letter, 409 settled before, 422 still wrong
 */
export async function settleLetter(
  request: IncomingMessage,
  { deadLetter, action }: LetterPath,
  { authorize, budget, desk }: SettleLetterContext,
): Promise<Record<string, unknown>> {
  authorize(request)
  if (mediaTypeOf(request.headers['content-type']) !== 'application/json')
    throw new HttpProblem(415, 'Send the body as application/json.')
  const encoding = contentEncodingOf(request)
  refuseAnnouncedLength(request, encoding)
  const text = await withBody(request, { encoding, budget, use: async body => body.toString('utf8') })
  try {
    return action === 'requeue'
      ? answerRequeue(
          deadLetter,
          await desk.requeue({ deadLetter, payload: text.trim() === '' ? null : text }),
        )
      : answerDiscard(deadLetter, await desk.discard({ deadLetter, reason: parseReason(text) }))
  } catch (error) {
    if (error instanceof LogUnavailableError)
      throw tryLater(503, 'The order log is not available: the letter is still open, try again later.', error)
    throw error
  }
}

function answerRequeue(deadLetter: number, outcome: RequeueOutcome): Record<string, unknown> {
  switch (outcome.kind) {
    case 'appended':
      return { outcome: 'appended', entries: outcome.entries }
    case 'duplicate':
      return { outcome: 'duplicate' }
    case 'rejected': {
      const { reason, detail } = outcome.rejection
      throw new HttpProblem(422, detail, { members: { reason } })
    }
    case 'settled':
      throw settledBefore(deadLetter, outcome.state)
  }
}

function answerDiscard(deadLetter: number, outcome: DiscardOutcome): Record<string, unknown> {
  if (outcome.kind === 'discarded') return { outcome: 'discarded' }
  throw settledBefore(deadLetter, outcome.state)
}

function settledBefore(deadLetter: number, state: 'requeued' | 'discarded' | 'unknown'): HttpProblem {
  return state === 'unknown'
    ? new HttpProblem(404, `There is no dead letter ${deadLetter}.`)
    : new HttpProblem(409, `Dead letter ${deadLetter} is ${state} already.`)
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
