import type { Instant } from '#domain/instant.ts'

/** At most 20 updates a second. */
export const MIN_GAP_MS = 50
/** Without a hint the lanes are read this often. */
export const POLL_MS = 250
/** A client that takes nothing for this long is disconnected: it resumes by its cursor. */
export const SLOW_LIMIT_MS = 30_000
/** Snapshots that a gap forces on everybody come at most this often. */
export const RESET_GAP_MS = 2_000

const MAX_BACKOFF_MS = 5_000

/**
 * How long after the last read the lanes are read again: as soon as updates may follow each other where a
 * hint came or somebody catches up, else at the next poll; later and later while reading fails.
 */
export function gapBeforeRead(state: { hinted: boolean; catchingUp: boolean; failures: number }): number {
  if (state.failures > 0) return Math.min(MAX_BACKOFF_MS, POLL_MS * 2 ** state.failures)
  return state.hinted || state.catchingUp ? MIN_GAP_MS : POLL_MS
}

/** What to do with a client that has something to be told. */
export type Reception =
  | { kind: 'send' }
  /** What comes meanwhile is coalesced into its next update. */
  | { kind: 'hold'; slowSince: Instant }
  | { kind: 'disconnect' }

/** @param slowSince since when it has taken nothing; null while it keeps up */
export function judgeReception(
  client: { congested: boolean; slowSince: Instant | null },
  now: Instant,
): Reception {
  if (!client.congested) return { kind: 'send' }
  const slowSince = client.slowSince ?? now
  return now - slowSince >= SLOW_LIMIT_MS ? { kind: 'disconnect' } : { kind: 'hold', slowSince }
}
