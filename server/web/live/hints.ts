import type { Sql } from '#db/client.ts'
import type { Gateway } from './gateway.ts'

const CHANNELS = ['stream_advanced', 'ops_changed']

export interface HintOptions {
  sql: Sql
  gateway: Pick<Gateway, 'hint'>
  /** Told of failures; without hints the gateway polls. */
  onError: (error: unknown, doing: string) => void
}

/**
 * Wakes the gateway when somebody says that something was committed. Only a hint: the driver listens again
 * after a lost connection, and what was said meanwhile is found by polling.
 * @returns stops listening
 */
export function listenForHints({ sql, gateway, onError }: HintOptions): () => Promise<void> {
  const listening = CHANNELS.map(channel => sql.listen(channel, () => gateway.hint()))
  for (const listener of listening) listener.catch((error: unknown) => onError(error, 'listening for hints'))
  return async () => {
    const listeners = await Promise.allSettled(listening)
    await Promise.allSettled(
      listeners.flatMap(result => (result.status === 'fulfilled' ? [result.value.unlisten()] : [])),
    )
  }
}
