import type { SentEvent } from '#domain/event.ts'
import { formatInstant, MINUTE_MS } from '#domain/instant.ts'

/** Something wrong that is sent on purpose: the intake is to make a dead letter of it. */
export interface Planted {
  /** What is wrong with it, for the log. */
  planted: string
  /** One line as it goes out: it need not be JSON. */
  body: string
}

/** What a sender sends. */
export type Outgoing = SentEvent | Planted

/** Something that happened in a shop, when it happened, and how far off the clock of its sender is. */
export interface Happening {
  event: SentEvent
  clockMs: number
}

/** The intake takes what is up to so far ahead of its own clock. */
const TOLERATED_AHEAD_MS = 2 * MINUTE_MS

export function isPlanted(outgoing: Outgoing): outgoing is Planted {
  return 'planted' in outgoing
}

/** The line of a request that carries it. */
export function lineOf(outgoing: Outgoing): string {
  return isPlanted(outgoing) ? outgoing.body : JSON.stringify(outgoing)
}

/** What the sender makes of it: the time is its own clock's. The same whenever it is asked. */
export function asSent({ event, clockMs }: Happening): Outgoing {
  if (clockMs === 0) return event
  const sent = { ...event, eventTime: formatInstant(Date.parse(event.eventTime) + clockMs) }
  return clockMs < TOLERATED_AHEAD_MS
    ? sent
    : { planted: `the clock of ${event.source} is ahead`, body: JSON.stringify(sent) }
}
