import { textArray } from './pg-array.ts'
import { pause } from './time.ts'

// A notification is a hint only: whoever misses one polls. So none is ever repeated, and a failure to send is no
// error; what counts is committed in the tables.

/** The part of a client that sends and hears notifications. */
export interface NotifyClient {
  unsafe(statement: string, parameters: string[]): PromiseLike<unknown>
  listen(channel: string, onNotify: (payload: string) => void): Promise<{ unlisten(): Promise<void> }>
}

/** Tells listeners of a channel that something was committed. */
export interface Notifier {
  announce(payload: string | number): void
  /** Nothing further is sent. */
  stop(): void
}

const NOTIFY = 'select pg_notify($1, payload) from unnest($2::text::text[]) as payload'

/**
 * Gathers notifications and sends them one statement at a time, at most every `everyMs`, each payload once. On a
 * client of their own: NOTIFY takes a lock of the whole database at commit, for which no append and no batch should
 * wait (inside the append it halves the throughput).
 */
export function createNotifier(
  client: Pick<NotifyClient, 'unsafe'>,
  { channel, everyMs }: { channel: string; everyMs: number },
): Notifier {
  const waiting = new Set<string>()
  const ending = new AbortController()
  let isSending = false

  async function sendAll(): Promise<void> {
    isSending = true
    while (waiting.size > 0 && !ending.signal.aborted) {
      const payloads = textArray(waiting, payload => payload)
      waiting.clear()
      const over = pause(everyMs, ending.signal)
      try {
        await client.unsafe(NOTIFY, [channel, payloads])
      } catch {
        // The next commit announces again.
      }
      await over
    }
    isSending = false
  }

  return {
    announce(payload) {
      waiting.add(String(payload))
      if (!isSending && !ending.signal.aborted) void sendAll()
    },
    stop: () => ending.abort(),
  }
}

const LISTEN_AGAIN_MS = 5_000

/**
 * Listens on some channels. The driver listens again after a lost connection; where the database is away at the
 * start, we go on trying. Returns at once.
 *
 * @param options `onFailure` is told why the first try of a channel failed
 * @returns stops listening
 */
export function listenForNotifications(
  client: Pick<NotifyClient, 'listen'>,
  options: {
    channels: readonly string[]
    onNotify: (payload: string, channel: string) => void
    onFailure?: (error: unknown) => void
  },
): () => Promise<void> {
  const ending = new AbortController()

  async function listen(channel: string): Promise<void> {
    for (let isFirst = true; !ending.signal.aborted; isFirst = false) {
      try {
        const listener = await client.listen(channel, payload => options.onNotify(payload, channel))
        if (ending.signal.aborted) await listener.unlisten()
        else ending.signal.addEventListener('abort', () => void listener.unlisten().catch(() => {}))
        return
      } catch (error) {
        if (isFirst && !ending.signal.aborted) options.onFailure?.(error)
        await pause(LISTEN_AGAIN_MS, ending.signal)
      }
    }
  }

  const listening = options.channels.map(listen)
  return async () => {
    ending.abort()
    await Promise.allSettled(listening)
  }
}
