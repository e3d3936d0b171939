/** Tells readers that a partition has grown. A hint only: whoever misses it polls. */
export interface AppendHints {
  announce(partition: number): void
  /** No further hint is sent. */
  stop(): void
}

// A stream that is woken more often reads batches of one: it costs it, and the database, more than it gains.
const MIN_INTERVAL_MS = 8

/**
 * Gathers hints and sends them on a connection of their own, at most every 8 ms and one at a time: NOTIFY
 * inside the append would take a lock of the whole database and halve the throughput.
 */
export function createAppendHints(notify: (partitions: readonly number[]) => Promise<unknown>): AppendHints {
  const waiting = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  let sending = false
  let stopped = false
  let lastSent = 0

  function schedule(): void {
    if (sending || stopped || timer !== undefined || waiting.size === 0) return
    const pause = lastSent + MIN_INTERVAL_MS - performance.now()
    if (pause <= 0) void send()
    else timer = setTimeout(send, pause)
  }

  async function send(): Promise<void> {
    timer = undefined
    sending = true
    lastSent = performance.now()
    const partitions = [...waiting]
    waiting.clear()
    try {
      await notify(partitions)
    } catch {
      // Readers poll; the next append hints again.
    }
    sending = false
    schedule()
  }

  return {
    announce(partition) {
      waiting.add(partition)
      schedule()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
