/** Waits `ms`, or less: resolves at once when the end is asked for. */
export function pause(ms: number, stop?: AbortSignal): Promise<void> {
  if (stop?.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const timer = setTimeout(end, ms)
    stop?.addEventListener('abort', end, { once: true })
    function end(): void {
      clearTimeout(timer)
      stop?.removeEventListener('abort', end)
      resolve()
    }
  })
}

/**
 * Waits for the work, but no longer than `ms`; the work goes on.
 *
 * @returns whether it was done in time
 * @throws what the work throws in time
 */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(late.resolve, ms, false)
  try {
    return await Promise.race([work.then(() => true), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The result of the work, if it is there within `ms`; the work goes on in any case.
 *
 * @param late makes the error that is thrown when it is not
 */
export async function deadline<Result>(
  work: Promise<Result>,
  ms: number,
  late: () => Error = () => new Error(`no answer within ${ms / 1_000} s`),
): Promise<Result> {
  const overdue = Promise.withResolvers<never>()
  const timer = setTimeout(() => overdue.reject(late()), ms)
  try {
    return await Promise.race([work, overdue.promise])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * How long to wait before another try: doubling with each failure in a row, and jittered, so that those who lost
 * the same database do not all come back at the same instant.
 *
 * @param failures in a row, at least 1
 * @param random in [0, 1)
 * @returns milliseconds, between half and all of what is due
 */
export function backoffMs(
  failures: number,
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
  random: number = Math.random(),
): number {
  const due = Math.min(longestMs, firstMs * 2 ** (failures - 1))
  return Math.round(due / 2 + (due / 2) * random)
}

/** Work that is done again and again until it is stopped. */
export interface Periodic {
  /** It is not begun again; resolves when what is under way has ended. */
  stop(): Promise<void>
}

/**
 * Does the work at once, and again `everyMs` after it has ended: it never overlaps itself. A failure is reported
 * once, not again until the work has succeeded.
 */
export function startPeriodic(
  work: () => Promise<unknown>,
  { everyMs, onFailure }: { everyMs: number; onFailure: (error: unknown) => void },
): Periodic {
  const ending = new AbortController()

  async function repeat(): Promise<void> {
    for (let isFailing = false; !ending.signal.aborted; await pause(everyMs, ending.signal)) {
      try {
        await work()
        isFailing = false
      } catch (error) {
        if (!isFailing && !ending.signal.aborted) onFailure(error)
        isFailing = true
      }
    }
  }

  const repeating = repeat()
  return {
    async stop() {
      ending.abort()
      await repeating
    },
  }
}
