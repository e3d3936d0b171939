import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'

/** How far one path is behind the log in one partition. */
export interface PartitionLag {
  partition: number
  /** Offset read up to. */
  through: number
  /** Last offset of the log. */
  end: number
  /** Events not read yet, ticks not counted; exact up to `LAG_COUNTED_UP_TO`, then an upper bound. */
  lagEvents: number
  /** Age of the oldest event not read yet; 0 when there is none. */
  lagMs: number
}

/** Unread events are counted one by one up to here: a path that is further behind says so in offsets. */
export const LAG_COUNTED_UP_TO = 10_000

export interface ReadPosition {
  partition: number
  through: number
  appendedAt: Instant
}

interface LagRow {
  partition: number
  through: number
  end: number
  counted: number
  oldest: Instant | null
  now: Instant
}

/**
 * How far readers at these positions are behind the end of the log. Ticks are no events: a quiet log that
 * only ticks is no lag.
 */
export async function readLag(reading: Reading, positions: readonly ReadPosition[]): Promise<PartitionLag[]> {
  const rows = await reading<LagRow[]>`
    select p.partition, p.through, l."offset" as "end", unread.counted, unread.oldest,
      clock_timestamp() as now
    from unnest(
      ${positions.map(position => position.partition)}::int[],
      ${positions.map(position => String(position.through))}::text[]::int8[],
      ${positions.map(position => new Date(position.appendedAt).toISOString())}::text[]::timestamptz[]
    ) as p(partition, through, appended_at)
    cross join lateral log.last_position(p.partition) l
    cross join lateral (
      select count(*) as counted, min(e.appended_at) as oldest
      from (
        select appended_at from log.event_log
        where partition = p.partition and appended_at >= p.appended_at and "offset" > p.through
          and type <> 'tick'
        order by appended_at
        limit ${LAG_COUNTED_UP_TO + 1}
      ) e
    ) unread
    order by p.partition`
  return rows.map(row => ({
    partition: row.partition,
    through: row.through,
    end: row.end,
    lagEvents: row.counted > LAG_COUNTED_UP_TO ? row.end - row.through : row.counted,
    lagMs: row.oldest === null ? 0 : Math.max(0, row.now - row.oldest),
  }))
}

/** Events over all partitions, and the age of the oldest of them. */
export function totalLag(partitions: readonly PartitionLag[]): { lagEvents: number; lagMs: number } {
  return {
    lagEvents: partitions.reduce((sum, { lagEvents }) => sum + lagEvents, 0),
    lagMs: partitions.reduce((worst, { lagMs }) => Math.max(worst, lagMs), 0),
  }
}
