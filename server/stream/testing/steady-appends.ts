import type { Instant } from '#domain/instant.ts'
import { randomEvents } from '#domain/testing/random-events.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { appendAll, type StoredEvent } from '#server/log/testing/append.ts'

/** Events that go on arriving while something else happens. */
export interface SteadyAppends {
  /** Appends no more. @returns everything appended */
  stop(): Promise<StoredEvent[]>
}

/** Appends random events, a few dozen at a time, until it is stopped. */
export function startSteadyAppends(
  log: OrderLog,
  { random, start, pauseMs = 10 }: { random: () => number; start: Instant; pauseMs?: number },
): SteadyAppends {
  const stored: StoredEvent[] = []
  let isStopped = false

  async function appendOn(): Promise<void> {
    for (let batch = 0; !isStopped; batch += 1) {
      stored.push(...(await appendAll(log, randomEvents({ random, count: 40, prefix: `b${batch}`, start }))))
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
  const appending = appendOn()

  return {
    async stop() {
      isStopped = true
      await appending
      return stored
    },
  }
}
