import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { readLiveStand } from '#server/serving/live-board/stand.ts'

/**
 * How old the newest figures of each path are at this moment, in ms: of the stream its oldest unread event, of the batch
 * path its newest run. Cheap enough to be asked all day.
 */
export async function readAges(sql: Sql): Promise<{ streamMs: number; batchMs: number | null }> {
  const [stand, [newest]] = await Promise.all([
    readLiveStand(sql),
    sql<{ now: Instant; computedAt: Instant }[]>`
      select clock_timestamp() as now, computed_at as "computedAt" from batch.current_runs
      order by run_id desc limit 1`,
  ])
  return {
    streamMs: Math.max(0, stand.now - stand.knownUpTo),
    batchMs: newest ? Math.max(0, newest.now - newest.computedAt) : null,
  }
}
