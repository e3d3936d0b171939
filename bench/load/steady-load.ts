import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND_MS } from '#domain/instant.ts'

/** Sends something and resolves with its answer. */
type Send = () => Promise<void>

/**
 * Sends at a fixed rate, whether answers come or not, and times every answer from the moment its request was
 * due: a stall is then felt by all that had to wait behind it, not by one.
 * @param lanes one request at a time each
 * @returns milliseconds, in the order the answers came
 */
export async function sendSteadily(options: {
  perSecond: number
  seconds: number
  lanes: readonly Send[]
}): Promise<number[]> {
  const { perSecond, seconds, lanes } = options
  const times: number[] = []
  const due: number[] = []
  const idle = [...lanes]
  let failure: unknown = null

  function startWhatIsDue(): void {
    while (due.length > 0 && idle.length > 0) {
      const send = idle.pop()
      const dueAt = due.shift()
      if (!send || dueAt === undefined) return
      send().then(
        () => {
          times.push(performance.now() - dueAt)
          idle.push(send)
          startWhatIsDue()
        },
        (error: unknown) => {
          failure ??= error
        },
      )
    }
  }

  const began = performance.now()
  const total = perSecond * seconds
  for (let planned = 0; times.length < total; await sleep(1)) {
    if (failure !== null) throw failure
    const now = performance.now()
    for (; planned < total && began + (planned * SECOND_MS) / perSecond <= now; planned += 1) {
      due.push(began + (planned * SECOND_MS) / perSecond)
    }
    startWhatIsDue()
  }
  return times
}
