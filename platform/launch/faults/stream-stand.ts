import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'

/** Where the stream and the log stood at one moment. */
export interface StreamStand {
  generation: number
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

/** Reads it in one statement, hence in one snapshot. */
export async function readStand(sql: Sql): Promise<StreamStand> {
  const rows = await sql<(PartitionStand & { generation: number })[]>`
    select g.generation, l.partition, coalesce(c."offset", 0) as "offset",
      coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt", coalesce(c.events, 0) as events,
      coalesce(o.epoch, 0) as epoch, e."offset" as "end"
    from log.partitions l
    cross join stream.active_generation g
    left join stream.checkpoints c on c.generation = g.generation and c.partition = l.partition
    left join log.owners o on o.consumer = 'stream/' || g.generation and o.partition = l.partition
    cross join lateral log.last_position(l.partition) e
    order by l.partition`
  return { generation: rows[0]?.generation ?? 0, partitions: rows.map(({ generation: _, ...row }) => row) }
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
