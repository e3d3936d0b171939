import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { announcedBody, type BodyLimits } from '#platform/http/body.ts'
import { HttpProblem, tryLater } from '#platform/http/problem.ts'
import { type Admission, admit, type Entry, textField } from '#server/intake/admit.ts'
import type { Appender } from '#server/intake/append/appender.ts'
import { type DeadLetter, deadLetterOf } from '#server/intake/dead-letters.ts'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import type { Outcome } from '#server/intake/outcome.ts'
import type { ReferenceCache } from '#server/intake/stores/reference.ts'
import { type DecodedBody, decodeEvents, mediaTypeOf } from './decode-body.ts'
import type { TimeSlices } from './time-slices.ts'

export interface PostEventsContext {
  body: BodyLimits
  reference: ReferenceCache
  appender: Appender
  /** Commits the dead letters before it resolves. */
  keepDeadLetters(letters: readonly DeadLetter[]): Promise<void>
  /** For decoding: a flood of it must not keep the network waiting. */
  slices: TimeSlices
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

/** Reasons for which an event may be refused only because a store is known as it was a moment ago. */
const REASONS_OF_REFERENCE: readonly string[] = ['unknown_store', 'tenders_differ']

/**
 * POST /api/v1/events: refuses early what cannot be taken, stores the rest, and answers after the commits.
 * @param sendContinue lets a sender that waits for it (Expect: 100-continue) send the body
 * @throws HttpProblem, OverloadedError or LogUnavailableError for everything but a 200
 */
export async function postEvents(
  request: IncomingMessage,
  context: PostEventsContext,
  sendContinue: () => void,
): Promise<EventsAnswer> {
  const mediaType = mediaTypeOf(request.headers['content-type'])
  const body = announcedBody(request, context.body)
  if (!context.body.budget.take(0)) throw tryLater(429, 'The intake is full: send the request again later.')
  sendContinue()
  const { decoded, bytes, ...first } = await body.read(raw =>
    context.slices.run(() => {
      const events = decodeEvents(raw, mediaType)
      return { decoded: events, bytes: raw.length, admissions: admitAll(events.entries, context) }
    }),
  )
  const admissions = await admitAfterRefresh(decoded, first.admissions, context)
  const outcomes = await context.appender.append(admissions, bytes)
  const answer = answerOf(decoded, outcomes)
  // After the appends, so that a request that has to be sent again leaves no dead letter twice.
  await keepRejected(answer.rejected, decoded, { context, remote: request.socket.remoteAddress ?? null })
  context.metrics.countEvents(answer)
  if (answer.accepted === 0 && answer.duplicates === 0 && answer.rejected.length > 0) {
    throw new HttpProblem(422, `All ${answer.rejected.length} events were rejected.`, {
      members: { ...answer },
    })
  }
  return answer
}

function admitAll(entries: readonly Entry[], { reference, clock }: PostEventsContext): Admission[] {
  const context = { reference: reference.current(), now: clock(), class: 'live' } as const
  return entries.map(entry => admit(entry, context))
}

/** Looks once more where a store was not known, or was another: it may have been added or changed a moment ago. */
async function admitAfterRefresh(
  { entries }: DecodedBody,
  admissions: readonly Admission[],
  context: PostEventsContext,
): Promise<readonly Admission[]> {
  const isDoubtful = admissions.map(
    admission => 'rejection' in admission && REASONS_OF_REFERENCE.includes(admission.rejection.reason),
  )
  if (!isDoubtful.includes(true)) return admissions
  try {
    const before = context.reference.current()
    if ((await context.reference.catchUp()) === before) return admissions
  } catch (cause) {
    throw tryLater(503, 'The database cannot be reached, so stores cannot be looked up.', cause)
  }
  const again = admitAll(
    entries.filter((_, index) => isDoubtful[index]),
    context,
  )
  return admissions.map((admission, index) => (isDoubtful[index] && again.shift()) || admission)
}

function answerOf({ entries }: DecodedBody, outcomes: readonly Outcome[]): EventsAnswer {
  const answer: EventsAnswer = { accepted: 0, duplicates: 0, rejected: [] }
  for (const [index, outcome] of outcomes.entries()) {
    switch (outcome.kind) {
      case 'appended':
        answer.accepted += 1
        break
      case 'duplicate':
        answer.duplicates += 1
        break
      case 'conflict':
      case 'refused': {
        const id = textField(entries[index], 'id')?.slice(0, 256) ?? null
        answer.rejected.push({ index, id, ...outcome.rejection })
      }
    }
  }
  return answer
}

async function keepRejected(
  rejected: readonly RejectedEvent[],
  decoded: DecodedBody,
  { context, remote }: { context: PostEventsContext; remote: string | null },
): Promise<void> {
  if (rejected.length === 0) return
  const request = randomUUID()
  const letters = rejected.map(({ index, ...rejection }) => ({
    metIn: { request, index, remote },
    ...deadLetterOf(decoded.entries[index], rejection, decoded.payloadOf(index)),
  }))
  try {
    await context.keepDeadLetters(letters)
  } catch (cause) {
    throw tryLater(503, 'The rejected events could not be kept: send the whole request again later.', cause)
  }
}
