import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { FailedAttempts } from './facts.ts'

const MAX_WAIT_MS = 6 * HOUR_MS

/**
 * Whether the schedule leaves a slot alone for now because it has just failed: after n failures on this
 * code for 2^n minutes, six hours at most. A failed check does not mend itself, but new events or somebody
 * may; until then the ledger need not fill with the same error. By hand it runs at once.
 */
export function isBackingOff(
  failures: FailedAttempts | undefined,
  { now, codeVersion }: { now: Instant; codeVersion: string },
): boolean {
  if (failures === undefined || failures.codeVersion !== codeVersion) return false
  // 2^9 minutes are past the limit: no need to let the power grow.
  const waitMs = Math.min(MINUTE_MS * 2 ** Math.min(failures.count, 9), MAX_WAIT_MS)
  return now < failures.lastAt + waitMs
}
