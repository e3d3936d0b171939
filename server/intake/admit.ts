import { isUtf8 } from 'node:buffer'
import { bodyHashOf } from '#domain/canonical.ts'
import { type EventPart, parsePartId } from '#domain/derived-id.ts'
import { enrich } from '#domain/enrich.ts'
import { parseEvent, type Rejection, type SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { EventClass, LogEvent } from '#domain/log-event.ts'
import { messageOf } from '#platform/command.ts'
import { type Rejected, refused } from './outcome.ts'
import type { ReferenceData } from './stores/reference.ts'

/** What a sender calls an event: decoded, or refused as no JSON. */
export type Entry = { value: unknown } | { rejection: Rejection }

/** What becomes of an entry before it is appended. */
export type Admission = Admitted | Rejected

export interface Admitted {
  kind: 'admitted'
  /** The events to append: one, or the two legs of a transfer. */
  events: LogEvent[]
  /** Of the reference by which they were enriched. */
  revision: number
  /** Enriches the same event again, by a newer reference. */
  readmit(reference: ReferenceData): Admission
}

/** By what an event is enriched. */
interface AdmissionContext {
  reference: ReferenceData
  /** The intake's clock. */
  now: Instant
  class: EventClass
  /** Which part of its document the event is, where a file's document is several. */
  part?: EventPart | undefined
}

/** Parses and enriches one entry. Decides only: nothing is stored. */
export function admit(entry: Entry, context: AdmissionContext): Admission {
  if ('rejection' in entry) return refused(entry.rejection)
  const parsed = parseEvent(entry.value)
  if ('rejection' in parsed) return refused(parsed.rejection)
  return enrichAs(parsed.event, bodyHashOf(parsed.event), context)
}

function enrichAs(event: SentEvent, bodyHash: string, context: AdmissionContext): Admission {
  const { reference, now, part } = context
  const { stores, nonStockSkus, revision } = reference
  const enriched = enrich(event, { stores, nonStockSkus, now, class: context.class, bodyHash, part })
  if ('rejection' in enriched) return refused(enriched.rejection)
  return {
    kind: 'admitted',
    events: enriched.events,
    revision,
    readmit: newer => enrichAs(event, bodyHash, { ...context, reference: newer }),
  }
}

/** Decodes one line of ndjson. */
export function decodeLine(line: Buffer): Entry {
  return isUtf8(line) ? decodeText(line.toString('utf8'), 'line') : notJson('the line is not valid UTF-8')
}

/**
 * The event of a file's dead letter: the parts of a document name themselves as they are called in the log, which no
 * sender can do.
 */
export function decodeDocumentEvent(text: string): { entry: Entry; part?: EventPart } {
  const entry = decodeText(text, 'event')
  const named = parsePartId(textField(entry, 'id') ?? '')
  if (!named || !('value' in entry)) return { entry }
  return { entry: { value: { ...(entry.value as object), id: named.sentId } }, part: named.part }
}

/** @param what the text is, for the words of a refusal */
export function decodeText(text: string, what: 'line' | 'event'): Entry {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return notJson(`the ${what} is not JSON: ${messageOf(error)}`)
  }
}

export function notJson(detail: string): Entry {
  return { rejection: { reason: 'invalid_json', detail } }
}

/** The sender's field if it is text, for finding the event again; whatever else it is stays in the payload. */
export function textField(entry: Entry | undefined, field: 'source' | 'id' | 'store'): string | null {
  if (!entry || !('value' in entry) || typeof entry.value !== 'object' || entry.value === null) return null
  const text = (entry.value as Record<string, unknown>)[field]
  return typeof text === 'string' ? text : null
}

export const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** The line between two places, without the carriage return that some programs put at its end. */
export function lineBetween(bytes: Buffer, start: number, newline: number): Buffer {
  const end = newline > start && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline
  return bytes.subarray(start, end)
}

/** Blank lines are no events and are not counted. */
export function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === 0x20 || byte === 0x09)
}
