import type { Instant } from './instant.ts'

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
