/** Whether to show a line now, and how many were left out since the last one shown. */
export type ThrottleVerdict = Readonly<{ show: boolean; leftOut: number }>

/**
 * Lets `limit` lines through in each span of `perMs`: a database that is away for a minute must not bury what
 * else the console says. The log files have every line.
 *
 * @returns a function of the present time in milliseconds
 */
export function createThrottle({
  limit,
  perMs,
}: {
  limit: number
  perMs: number
}): (now: number) => ThrottleVerdict {
  let spanStart = Number.NEGATIVE_INFINITY
  let shown = 0
  let leftOut = 0
  return now => {
    if (now - spanStart >= perMs) {
      spanStart = now
      shown = 0
    }
    if (shown >= limit) {
      leftOut++
      return { show: false, leftOut: 0 }
    }
    shown++
    const verdict = { show: true, leftOut }
    leftOut = 0
    return verdict
  }
}
