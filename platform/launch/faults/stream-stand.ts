import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'

/** Where a generation of the stream's tables and the log stood at one moment. */
export interface StreamStand {
  generation: number
  /** Of whichever generation is active, which a switch may change; else of this one. */
  isOfActive: boolean
  partitions: readonly PartitionStand[]
}

interface PartitionStand {
  partition: number
  /** Of the checkpoint; 0 before the first batch. */
  offset: number
  appendedAt: Instant
  /** Events counted up to there. */
  events: number
  /** Of the owner; 0 where it was never taken. */
  epoch: number
  /** Last offset of the log. */
  end: number
}

/** Reads it in one statement, hence in one snapshot. @param of the active generation, or the newest that Flink fills */
export async function readStand(sql: Sql, of: 'active' | 'flink' = 'active'): Promise<StreamStand> {
  const rows = await sql<(PartitionStand & { generation: number })[]>`
    select g.generation, l.partition, coalesce(c."offset", 0) as "offset",
      coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt", coalesce(c.events, 0) as events,
      coalesce(o.epoch, 0) as epoch, e."offset" as "end"
    from log.partitions l
    cross join (
      select generation from stream.active_generation where ${of} = 'active'
      union all
      select max(generation) from stream.generations where ${of} = 'flink' and engine = 'flink'
    ) g
    left join stream.checkpoints c on c.generation = g.generation and c.partition = l.partition
    left join log.owners o on o.consumer = 'stream/' || g.generation and o.partition = l.partition
    cross join lateral log.last_position(l.partition) e
    where g.generation is not null
    order by l.partition`
  const partitions = rows.map(({ generation: _, ...row }) => row)
  return { generation: rows[0]?.generation ?? 0, isOfActive: of === 'active', partitions }
}

/** The stand's generation as it is called now: a subquery with one row, `generation`. */
export function generationOf(sql: Reading, { generation, isOfActive }: StreamStand) {
  return isOfActive
    ? sql`(select generation from stream.active_generation)`
    : sql`(select ${generation}::integer as generation)`
}

/** The stand's columns as array literals, for `unnest`. */
export function standColumns({ partitions }: StreamStand) {
  const column = (of: (stand: PartitionStand) => number | string) => `{${partitions.map(of).join()}}`
  return {
    partition: column(({ partition }) => partition),
    offset: column(({ offset }) => offset),
    appendedAt: column(({ appendedAt }) => new Date(appendedAt).toISOString()),
    events: column(({ events }) => events),
    epoch: column(({ epoch }) => epoch),
    end: column(({ end }) => end),
  }
}
