import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'

const LOOK_EVERY_MS = 100

export interface LagWatch {
  /** One value a look: the worst partition's milliseconds, all partitions' orders. */
  stop(): Promise<{ milliseconds: number[]; orders: number[] }>
}

/**
 * Watches how far the stream path is behind the log, ten times a second. In milliseconds: how long ago the
 * newest entry that it has done was appended, while there is a newer one.
 */
export function watchLag(sql: Sql): LagWatch {
  const milliseconds: number[] = []
  const orders: number[] = []
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      const [row] = await sql<{ ms: number; orders: number }[]>`
        select coalesce(max(case when l."offset" > coalesce(c."offset", 0)
                 then extract(epoch from clock_timestamp() - coalesce(c.appended_at, clock_timestamp())) * 1000 else 0 end), 0)::float8 as ms,
               coalesce(sum(l."offset" - coalesce(c."offset", 0)), 0)::bigint as orders
        from log.partitions p cross join lateral log.last_position(p.partition) l
        left join (select c.* from stream.checkpoints c join stream.active_generation using (generation)) c
          on c.partition = p.partition`
      if (row) {
        milliseconds.push(row.ms)
        orders.push(row.orders)
      }
      await sleep(LOOK_EVERY_MS)
    }
  })()
  return {
    async stop() {
      isOver = true
      await watching
      return { milliseconds, orders }
    },
  }
}
