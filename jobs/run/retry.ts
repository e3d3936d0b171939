import { setTimeout as sleep } from 'node:timers/promises'
import { classifyLogError } from '#server/log/log-errors.ts'

/** Attempts at one set before its error stands. */
export const MAX_ATTEMPTS = 4

const FIRST_WAIT_MS = 250

/**
 * How long to wait before the next attempt: doubling, and drawn from the upper half of that, so that two
 * schedulers that met once do not meet again.
 * @param random from [0, 1)
 */
export function retryDelayMs(attempt: number, random: number): number {
  const longest = FIRST_WAIT_MS * 2 ** (attempt - 1)
  return Math.round(longest / 2 + (longest / 2) * random)
}

/** Whether doing the same again may succeed: serialization, deadlock, connection, resources. */
export function isTransient(error: unknown): boolean {
  return classifyLogError(error).kind === 'transient' || classifyLogError(error).kind === 'unavailable'
}

/**
 * Tries again what failed for a transient reason; everything else fails at once.
 * @param work gets the number of the attempt, from 1
 */
export async function withRetry<Result>(
  work: (attempt: number) => Promise<Result>,
  options: { onRetry?: (error: unknown, attempt: number) => void; signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !isTransient(error) || options.signal?.aborted) throw error
      options.onRetry?.(error, attempt)
      await sleep(retryDelayMs(attempt, Math.random()), undefined, { signal: options.signal })
    }
  }
}
