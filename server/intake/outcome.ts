import type { Rejection } from '#domain/event.ts'

/**
 * What became of an event, told once by the append (or by the admission, for what never reaches it). Answers over
 * HTTP, dead letters and the summaries of imports are made from this and nothing else.
 */
export type Outcome =
  /** New to the log; each leg of a transfer has its place, but for a leg that the log knew. */
  | { kind: 'appended'; entries: { partition: number; offset: number }[] }
  /** The log knew it already: it counts once. */
  | { kind: 'duplicate' }
  | Rejected

export type Rejected =
  /** Its id is known with another body: the first stands. */
  | { kind: 'conflict'; rejection: Rejection }
  /** It cannot be processed as it is. */
  | { kind: 'refused'; rejection: Rejection }

export function refused(rejection: Rejection): Extract<Outcome, { kind: 'refused' }> {
  return { kind: 'refused', rejection }
}
