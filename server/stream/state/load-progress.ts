import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { PartitionWatermark, type SourceProgress } from '#domain/watermark.ts'

/** Where a partition of a generation stands: what a consumer goes on from. */
export interface Progress {
  position: Position
  watermark: PartitionWatermark
}

/** Reads checkpoint and sources, as one transaction left them; the log's start where there is no checkpoint. */
export async function loadProgress(
  sql: Pick<Sql, 'unsafe'>,
  { generation, partition }: { generation: number; partition: number },
): Promise<Progress> {
  const [checkpoints, sources] = await Promise.all([
    sql.unsafe<{ offset: number; appendedAt: Instant; watermark: Instant | null }[]>(
      `select "offset", appended_at as "appendedAt", watermark from stream.checkpoints
       where generation = $1 and partition = $2`,
      [generation, partition],
    ),
    sql.unsafe<({ source: string } & SourceProgress)[]>(
      `select source, max_event_time as "maxEventTime", last_appended_at as "lastAppendedAt"
       from stream.sources where generation = $1 and partition = $2`,
      [generation, partition],
    ),
  ])
  const checkpoint = checkpoints[0]
  return {
    position: checkpoint ? { offset: checkpoint.offset, appendedAt: checkpoint.appendedAt } : LOG_START,
    watermark: new PartitionWatermark({
      sources: sources.map(({ source, ...progress }): [string, SourceProgress] => [source, progress]),
      watermark: checkpoint?.watermark ?? null,
    }),
  }
}
