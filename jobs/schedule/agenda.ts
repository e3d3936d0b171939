/**
 * What is asked for, in the order in which it was: one thing at a time. However often something was asked for
 * while it waited or was under way, it comes once more: it then sees everything that the others would have seen.
 */
export interface Agenda<Item> {
  ask(item: Item): void
  /** Resolves with what is next, at once if something waits. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<Item>
}

export function createAgenda<Item>(): Agenda<Item> {
  const asked = new Set<Item>()
  let wake: (() => void) | null = null

  async function wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(signal.reason)
    wake = resolve
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      wake = null
      signal.removeEventListener('abort', abort)
    }
  }

  return {
    ask(item) {
      asked.add(item)
      wake?.()
    },
    async next(signal) {
      signal.throwIfAborted()
      if (asked.size === 0) await wait(signal)
      for (const item of asked) {
        asked.delete(item)
        return item
      }
      throw new Error('woken with nothing asked for')
    },
  }
}
