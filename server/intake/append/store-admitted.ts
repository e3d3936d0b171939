import type { Rejection } from '#domain/event.ts'
import type { Admission } from '#server/intake/admit.ts'
import type { EventSink, StoreOutcome } from './event-sink.ts'

/** What became of one entry. */
export type EntryOutcome = 'accepted' | 'duplicate' | Rejection

/**
 * Appends the admitted events, and says of every entry, in their order, what became of it.
 * @param bytes memory that the events hold, for the sink's bound
 * @throws OverloadedError, LogUnavailableError as the sink does
 */
export async function storeAdmitted(
  admissions: readonly Admission[],
  bytes: number,
  sink: Pick<EventSink, 'store'>,
): Promise<EntryOutcome[]> {
  const admitted = admissions.filter(admission => admission.kind === 'admitted')
  const stored =
    admitted.length === 0
      ? []
      : await sink.store(
          admitted.map(admission => admission.events),
          bytes,
        )
  let next = 0
  return admissions.map(admission => {
    if (admission.kind === 'rejected') return admission.rejection
    const outcome = stored[next]
    next += 1
    return outcomeOf(admission, outcome)
  })
}

function outcomeOf(
  { events }: Extract<Admission, { kind: 'admitted' }>,
  outcome: StoreOutcome | undefined,
): EntryOutcome {
  switch (outcome?.kind) {
    case 'accepted':
    case 'duplicate':
      return outcome.kind
    case 'refused':
      return { reason: 'invalid_field', detail: outcome.detail }
    case 'conflict':
      return {
        reason: 'conflicting_duplicate',
        detail: `source ${JSON.stringify(events[0]?.source ?? '')} has sent this id before with another content: the first stands. Send a correction under an id of its own`,
      }
    case undefined:
      throw new Error('an admitted event has no outcome')
  }
}
