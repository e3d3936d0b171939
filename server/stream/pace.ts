const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000

/**
 * Wait before another try: doubling with each failure in a row, and jittered so that partitions which lost
 * the same database do not all come back at once.
 * @param failures in a row, at least 1
 * @param random in [0, 1)
 */
export function retryMs(failures: number, random: number): number {
  const due = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
  return Math.round(due / 2 + (due / 2) * random)
}
