import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 100
const answerWithinMs = 2_000

/**
 * Waits until a GET of `url` is answered with 200.
 *
 * @returns whether that was within `timeoutMs`
 * @throws when `stop` is aborted
 */
export async function isUpWithin(options: {
  url: string
  timeoutMs: number
  stop: AbortSignal
}): Promise<boolean> {
  const { url, timeoutMs, stop } = options
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    if (await answers(url, stop)) return true
    await delay(pollMs, undefined, { signal: stop })
  }
  return false
}

async function answers(url: string, stop: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([stop, AbortSignal.timeout(answerWithinMs)]),
    })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}
