import { type Instant, MINUTE_MS } from './instant.ts'

/**
 * What is entered holds so long after: past every clock that the intake lets in, so that no event was ever judged without
 * it that a replay would judge with it.
 */
export const HOLDS_AFTER_MS = 5 * MINUTE_MS

/** What holds from an instant on, until the next of its kind. */
export interface ValidFrom {
  validFrom: Instant
}

/** What holds at an instant; null: nothing does yet. @param versions oldest first */
export function validAt<Version extends ValidFrom>(
  versions: readonly Version[] | undefined,
  at: Instant,
): Version | null {
  return versions?.findLast(({ validFrom }) => validFrom <= at) ?? null
}

/** Those that hold at an instant or later: nothing that is judged from then on needs the others. @param versions oldest first */
export function validFromOn<Version extends ValidFrom>(
  versions: readonly Version[],
  at: Instant,
): readonly Version[] {
  const first = versions.findLastIndex(({ validFrom }) => validFrom <= at)
  return first > 0 ? versions.slice(first) : versions
}
