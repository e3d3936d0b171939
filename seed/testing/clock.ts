import type { Instant } from '#domain/instant.ts'

/** A clock that waiting moves, as fast as the work between allows. */
export interface TestClock {
  now(): Instant
  wait(milliseconds: number): Promise<void>
  /** Time stands still while this goes on. */
  during<Result>(work: () => Promise<Result>): Promise<Result>
  /** Fires at the end. */
  stop: AbortSignal
}

export function createTestClock(from: Instant, to: Instant): TestClock {
  const stop = new AbortController()
  let now = from
  let busy = 0
  let isMoving = false
  let waiting: { at: Instant; resolve: () => void }[] = []

  /** After everything that can go on without time passing has gone on. */
  function move(): void {
    if (isMoving || busy > 0) return
    isMoving = true
    setImmediate(() => {
      isMoving = false
      if (busy > 0) return
      const next = Math.min(...waiting.map(({ at }) => at))
      if (waiting.length === 0) return
      now = Math.max(now, Math.min(next, to))
      if (now >= to) stop.abort()
      const due = waiting.filter(({ at }) => at <= now || stop.signal.aborted)
      waiting = waiting.filter(waiter => !due.includes(waiter))
      for (const { resolve } of due) resolve()
      move()
    })
  }

  return {
    now: () => now,
    stop: stop.signal,
    wait(milliseconds) {
      if (stop.signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        waiting.push({ at: now + Math.max(1, milliseconds), resolve })
        move()
      })
    },
    async during(work) {
      busy += 1
      try {
        return await work()
      } finally {
        busy -= 1
        move()
      }
    },
  }
}
