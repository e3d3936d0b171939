import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { type Admission, admitEvent } from '#server/intake/admit.ts'
import { type EventSink, OverloadedError } from '#server/intake/append/event-sink.ts'
import { type EntryOutcome, storeAdmitted } from '#server/intake/append/store-admitted.ts'
import type { Turns } from '#server/intake/files/drop/turns.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { type DeadLetter, textField } from '../dead-letters.ts'
import type { Entry } from '../decode-line.ts'
import type { IntakeMetrics } from '../metrics.ts'
import type { ReferenceCache } from '../reference.ts'
import type { Authorize } from './authorize.ts'
import { type DecodedBody, decodeEvents, mediaTypeOf } from './decode-events.ts'
import { HttpProblem, tryLater } from './problem.ts'
import { contentEncodingOf, type ReadingBudget, refuseAnnouncedLength, withBody } from './request-body.ts'

export interface PostEventsContext {
  authorize: Authorize
  budget: ReadingBudget
  reference: ReferenceCache
  sink: EventSink
  /** Commits the letters before it resolves. */
  keepDeadLetters(letters: readonly DeadLetter[]): Promise<void>
  /** Decoding waits for its turn: a flood of it must not keep the network waiting. */
  turns: Turns
  clock(): Instant
  metrics: IntakeMetrics
}

/** The answer to a request of which something was stored or known. */
export interface EventsAnswer {
  accepted: number
  duplicates: number
  rejected: RejectedEvent[]
}

interface RejectedEvent extends Rejection {
  index: number
  id: string | null
}

// Asking more often would let a broken till load the database.
const REFERENCE_AGE_MS = 1_000

/**
 * POST /api/v1/events: refuses early what cannot be taken, stores the rest, and answers after the commits.
 * @param sendContinue lets a sender that waits for it (Expect: 100-continue) send the body
 * @throws HttpProblem for everything but a 200
 */
export async function postEvents(
  request: IncomingMessage,
  context: PostEventsContext,
  sendContinue: () => void,
): Promise<EventsAnswer> {
  context.authorize(request)
  const mediaType = mediaTypeOf(request.headers['content-type'])
  const encoding = contentEncodingOf(request)
  refuseAnnouncedLength(request, encoding)
  if (!context.budget.take(0)) throw tryLater(429, 'The intake is full: send the request again later.')
  sendContinue()
  const { decoded, bytes, ...first } = await withBody(request, {
    encoding,
    budget: context.budget,
    use: body =>
      context.turns.run(() => {
        const entries = decodeEvents(body, mediaType)
        return { decoded: entries, bytes: body.length, admissions: admitAll(entries, context) }
      }),
  })
  const admissions = await admitAfterRefresh(decoded, first.admissions, context)
  const answer = answerOf(decoded, await store(admissions, bytes, context))
  // After the appends, so that a request that has to be sent again leaves no letter twice.
  await keepRejected(answer.rejected, decoded, { context, remote: request.socket.remoteAddress ?? null })
  context.metrics.countEvents(answer)
  if (answer.accepted === 0 && answer.duplicates === 0 && answer.rejected.length > 0) {
    throw new HttpProblem(422, `All ${answer.rejected.length} events were rejected.`, {
      members: { ...answer },
    })
  }
  return answer
}

function admitAll(decoded: DecodedBody, context: PostEventsContext): Admission[] {
  return decoded.entries.map(entry => admit(entry, context))
}

function admit(entry: Entry, { reference, clock }: PostEventsContext): Admission {
  if ('rejection' in entry) return { kind: 'rejected', rejection: entry.rejection }
  return admitEvent(entry.value, { reference: reference.current(), now: clock(), class: 'live' })
}

/** Looks once more for stores that were unknown: they may have been added a moment ago. */
async function admitAfterRefresh(
  decoded: DecodedBody,
  admissions: Admission[],
  context: PostEventsContext,
): Promise<Admission[]> {
  if (!admissions.some(isUnknownStore)) return admissions
  try {
    await context.reference.refresh(REFERENCE_AGE_MS)
  } catch (cause) {
    throw tryLater(503, 'The database cannot be reached, so stores cannot be looked up.', cause)
  }
  return decoded.entries.map((entry, index) => {
    const admission = admissions[index]
    return admission && !isUnknownStore(admission) ? admission : admit(entry, context)
  })
}

function isUnknownStore(admission: Admission): boolean {
  return admission.kind === 'rejected' && admission.rejection.reason === 'unknown_store'
}

async function store(
  admissions: readonly Admission[],
  bytes: number,
  { sink }: PostEventsContext,
): Promise<EntryOutcome[]> {
  try {
    return await storeAdmitted(admissions, bytes, sink)
  } catch (error) {
    if (error instanceof OverloadedError)
      throw tryLater(429, `${capitalised(error.message)}: send the request again later.`)
    if (error instanceof LogUnavailableError) {
      throw tryLater(503, 'The order log is not available: send the whole request again later.', error)
    }
    throw error
  }
}

function answerOf(decoded: DecodedBody, outcomes: readonly EntryOutcome[]): EventsAnswer {
  const answer: EventsAnswer = { accepted: 0, duplicates: 0, rejected: [] }
  outcomes.forEach((outcome, index) => {
    if (outcome === 'accepted') answer.accepted += 1
    else if (outcome === 'duplicate') answer.duplicates += 1
    else {
      const entry = decoded.entries[index]
      const id = entry && 'value' in entry ? textField(entry.value, 'id') : null
      answer.rejected.push({ index, id: id?.slice(0, 256) ?? null, ...outcome })
    }
  })
  return answer
}

async function keepRejected(
  rejected: readonly RejectedEvent[],
  decoded: DecodedBody,
  { context, remote }: { context: PostEventsContext; remote: string | null },
): Promise<void> {
  if (rejected.length === 0) return
  const request = randomUUID()
  const letters = rejected.map(({ index, reason, detail }): DeadLetter => {
    const entry = decoded.entries[index]
    const value = entry && 'value' in entry ? entry.value : null
    return {
      metIn: { request, index, remote },
      source: textField(value, 'source'),
      eventId: textField(value, 'id'),
      store: textField(value, 'store'),
      reason,
      detail,
      payload: decoded.payloadOf(index),
    }
  })
  try {
    await context.keepDeadLetters(letters)
  } catch (cause) {
    throw tryLater(503, 'The rejected events could not be kept: send the whole request again later.', cause)
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
