import { enrich } from '#domain/enrich.ts'
import { parseEvent, type Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { EventClass, LogEvent } from '#domain/log-event.ts'
import { bodyHashOf } from '#server/log/body-hash.ts'
import type { ReferenceData } from './reference.ts'

/** What becomes of one value that a sender calls an event. */
export type Admission =
  /** The events to append: one, or the two legs of a transfer. */
  { kind: 'admitted'; events: LogEvent[] } | { kind: 'rejected'; rejection: Rejection }

export interface AdmissionContext {
  reference: ReferenceData
  /** The intake's clock. */
  now: Instant
  class: EventClass
}

/** Parses and enriches one decoded JSON value. Decides only: nothing is stored. */
export function admitEvent(
  value: unknown,
  { reference, now, class: eventClass }: AdmissionContext,
): Admission {
  const parsed = parseEvent(value)
  if ('rejection' in parsed) return { kind: 'rejected', rejection: parsed.rejection }
  const enriched = enrich(parsed.event, {
    stores: reference.stores,
    nonStockSkus: reference.nonStockSkus,
    now,
    class: eventClass,
    bodyHash: bodyHashOf(parsed.event),
  })
  return 'rejection' in enriched
    ? { kind: 'rejected', rejection: enriched.rejection }
    : { kind: 'admitted', events: enriched.events }
}
