/**
 * Asks for turns and waits for them. However often a turn was asked for while one was under way, one follows:
 * it sees everything that the others would have seen.
 */
export interface TickGate {
  ask(): void
  /** Resolves when a turn has been asked for, at once if it was before. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<void>
}

export function createTickGate(): TickGate {
  let isAsked = false
  let wake: (() => void) | null = null
  return {
    ask() {
      isAsked = true
      wake?.()
    },
    async next(signal) {
      signal.throwIfAborted()
      if (!isAsked) {
        await new Promise<void>((resolve, reject) => {
          wake = resolve
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      }
      wake = null
      isAsked = false
    },
  }
}
