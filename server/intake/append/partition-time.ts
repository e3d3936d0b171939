import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { SOURCE_IDLE_MS } from '#domain/watermark.ts'
import { windowStartOf, windowState } from '#domain/window.ts'

/** A partition is quiet when nothing was appended for this long. */
export const QUIET_MS = 5_000

/** How far time has come in a partition: its last entry, and the newest event time of any of its events. */
export interface PartitionTime {
  last: Position
  /** Null while no event is known. */
  maxEventTime: Instant | null
}

/**
 * Whether a quiet partition needs a tick: while its newest window is not final by its last entry. In a quiet
 * partition every source falls idle, and then its watermark is that entry's append time - 60 s: judged by the
 * entry, not by the clock, the last tick is the one that makes the window final.
 */
export function needsTick({ last, maxEventTime }: PartitionTime, now: Instant): boolean {
  if (maxEventTime === null || now - last.appendedAt < QUIET_MS) return false
  return windowState(windowStartOf(maxEventTime), last.appendedAt - SOURCE_IDLE_MS) !== 'final'
}

/** What is known after an append of our own, or after reading what others appended. */
export function withAppended(
  time: PartitionTime,
  appended: { last: Position; maxEventTime: Instant | null },
): PartitionTime {
  const { last, maxEventTime } = appended
  return {
    last: last.offset > time.last.offset ? last : time.last,
    maxEventTime:
      maxEventTime === null || (time.maxEventTime !== null && time.maxEventTime > maxEventTime)
        ? time.maxEventTime
        : maxEventTime,
  }
}
