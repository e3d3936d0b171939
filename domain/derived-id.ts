/**
 * Between what a sender called an event and the part of it that a log entry is. A control character, which no
 * identifier may hold: so no sender can take the id of a part, whatever it calls its own events.
 */
const PART_SEPARATOR = '\u001f'

const EVENT_PARTS = ['out', 'in', 'adjust', 'return'] as const
/** A leg of a transfer, or what a file's document holds beside its sale. */
export type EventPart = (typeof EVENT_PARTS)[number]

/** The id in the log of a part of an event, which the sender knows as `sentId`. */
export function partId(sentId: string, part: EventPart): string {
  return sentId + PART_SEPARATOR + part
}

/**
 * A part's id taken apart again, as the dead letter of a file's document names it.
 * @returns null for what is no part
 */
export function parsePartId(id: string): { sentId: string; part: EventPart } | null {
  const [sentId = '', part, ...more] = id.split(PART_SEPARATOR)
  const known = EVENT_PARTS.find(name => name === part)
  return known === undefined || more.length > 0 ? null : { sentId, part: known }
}

/** What the sender called the event that an entry of the log is, or is a part of. */
export function sentIdOf(id: string): string {
  return id.split(PART_SEPARATOR, 1)[0] ?? id
}

/** An id as people read it: 't-1 · out'. */
export function showEventId(id: string): string {
  return id.replace(PART_SEPARATOR, ' · ')
}
