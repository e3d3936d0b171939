import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'

const LOOK_EVERY_MS = 20

export interface ProgressWatch {
  /** Events done between the first and the last look that saw progress, and the time between them. */
  stop(): Promise<{ events: number; milliseconds: number }>
}

/** Times the stream path from its first checkpoint on, so that the start of its process does not count. */
export function watchProgress(sql: Sql): ProgressWatch {
  const seen: { at: number; events: number }[] = []
  let isOver = false
  async function look(): Promise<void> {
    const [row] = await sql<{ events: number }[]>`
      select coalesce(sum(c."offset"), 0)::bigint as events
      from stream.checkpoints c join stream.active_generation using (generation)`
    const events = row?.events ?? 0
    if (events > (seen.at(-1)?.events ?? 0)) seen.push({ at: performance.now(), events })
  }
  const watching = (async () => {
    while (!isOver) {
      await look()
      await sleep(LOOK_EVERY_MS)
    }
  })()
  return {
    async stop() {
      isOver = true
      await watching
      await look()
      const [first, last] = [seen[0], seen.at(-1)]
      if (!first || !last || last.at === first.at)
        throw new Error('too few orders: the stream path was done at once')
      return { events: last.events - first.events, milliseconds: last.at - first.at }
    },
  }
}
