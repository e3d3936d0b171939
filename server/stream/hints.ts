import type { Sql } from '#db/client.ts'

/** Sent after a commit that appended; the payload is the partition. */
const APPENDED = 'log_appended'
/** Sent after a commit of the stream; the payload is the partition. */
const ADVANCED = 'stream_advanced'

const RETRY_MS = 5_000
const BETWEEN_HINTS_MS = 10

/**
 * Listens for appended events, and goes on trying while the database is away. A hint only: whoever misses
 * one polls. Returns at once.
 */
export function listenForAppends(
  sql: Sql,
  onAppended: (partition: number) => void,
  signal: AbortSignal,
): void {
  sql
    .listen(APPENDED, payload => onAppended(Number(payload)))
    .catch(() => {
      if (signal.aborted) return
      const timer = setTimeout(() => listenForAppends(sql, onAppended, signal), RETRY_MS)
      timer.unref()
    })
}

/** Tells whoever shows live figures that a partition has moved on. */
export interface AdvanceHints {
  announce(partition: number): void
  stop(): void
}

/**
 * Gathers hints and sends them one statement at a time, at most every 10 ms, on a connection of their own:
 * NOTIFY takes a lock of the whole database at commit, which no batch should wait for.
 */
export function createAdvanceHints(sql: Sql): AdvanceHints {
  const waiting = new Set<number>()
  let isBusy = false
  let isStopped = false

  async function sendAll(): Promise<void> {
    isBusy = true
    while (waiting.size > 0 && !isStopped) {
      const partitions = [...waiting].join(',')
      waiting.clear()
      try {
        await sql`select pg_notify(${ADVANCED}, partition) from unnest(string_to_array(${partitions}, ',')) as partition`
      } catch {
        // Whoever waits for it polls; the next commit hints again.
      }
      await new Promise(resolve => setTimeout(resolve, BETWEEN_HINTS_MS))
    }
    isBusy = false
  }

  return {
    announce(partition) {
      waiting.add(partition)
      if (!isBusy && !isStopped) void sendAll()
    },
    stop() {
      isStopped = true
    },
  }
}
