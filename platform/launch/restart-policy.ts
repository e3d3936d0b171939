/** How a process ended, and how long it had run. */
export type Ending = Readonly<{
  ranMs: number
  /** True when it was killed from outside: that says nothing about the next run. */
  killed: boolean
}>

/** A process that ran this long has started well: what ended it is something new. */
export const healthyAfterMs = 5_000

const firstPauseMs = 250
const longestPauseMs = 10_000
/** The pause after a kill stays this short, so that a stream process works again within 5 s. */
const longestPauseAfterKillMs = 1_000

/** How many endings in a row now count as failures to start. */
export function countFailures(failuresBefore: number, { ranMs }: Ending): number {
  return ranMs >= healthyAfterMs ? 1 : failuresBefore + 1
}

/**
 * How long to wait before a restart: doubling with each failure in a row, and jittered, so that processes
 * which lost the same database do not come back at the same instant.
 *
 * @param failures as `countFailures` gives it, at least 1
 * @param random in [0, 1)
 * @returns milliseconds, between half and all of the pause that is due
 */
export function restartPauseMs(failures: number, { killed }: Pick<Ending, 'killed'>, random: number): number {
  const longest = killed ? longestPauseAfterKillMs : longestPauseMs
  const due = Math.min(longest, firstPauseMs * 2 ** (failures - 1))
  return Math.round(due / 2 + (due / 2) * random)
}
