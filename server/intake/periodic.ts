/** Work that is done again and again until it is stopped. */
export interface Periodic {
  /** No further turn begins; resolves when the one under way has ended. */
  stop(): Promise<void>
}

/**
 * Does the work at once and then `everyMs` after each turn has ended: turns never overlap. A turn that fails
 * is reported once, not again until one has succeeded.
 */
export function startPeriodic(
  work: () => Promise<unknown>,
  { everyMs, onFailure }: { everyMs: number; onFailure: (error: unknown) => void },
): Periodic {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let failing = false
  let turn = Promise.resolve()

  function next(): void {
    turn = work()
      .then(
        () => {
          failing = false
        },
        (error: unknown) => {
          if (!failing && !stopped) onFailure(error)
          failing = true
        },
      )
      .then(() => {
        if (!stopped) timer = setTimeout(next, everyMs)
      })
  }
  next()

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await turn
    },
  }
}
