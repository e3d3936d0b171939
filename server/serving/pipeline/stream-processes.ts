import type { Instant } from '#domain/instant.ts'
import { STANDSTILL_MS } from '#server/log/fence.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A stream process that is connected. */
export interface StreamProcess {
  process: number
  host: string
  pid: number
  startedAt: Instant
  /** still: it has said nothing for ten seconds, as a frozen one does. */
  state: 'at work' | 'stands by' | 'still'
  /** Partitions it works on, and those it would take when nobody does. */
  worksOn: number[]
  standsByFor: number[]
  /** Processes of its host that ended within a day: told to, and without a word. */
  stoppedBefore: number
  killedBefore: number
}

/** A partition of the active generation, and who works on it. */
export interface OwnedPartition {
  partition: number
  /** Null: nobody who is connected. */
  owner: string | null
  /** It asks the database for something: one that is frozen does not. */
  isWorkedOn: boolean
  /** Rises with every taking; null: it was never taken. */
  epoch: number | null
  takenAt: Instant | null
  /** The checkpoint; null before the first batch. */
  offset: number | null
  appendedAt: Instant | null
  watermark: Instant | null
  processedAt: Instant | null
  events: number | null
  lateEvents: number | null
}

export interface StreamProcesses {
  now: Instant
  generation: number
  /** The oldest first. */
  processes: StreamProcess[]
  partitions: OwnedPartition[]
}

/** Who has which partition, since when, how far, and who would take over. */
export async function readStreamProcesses({ sql }: Pick<Serving, 'sql'>): Promise<StreamProcesses> {
  const [[state], processes, partitions] = await Promise.all([
    sql<{ now: Instant; generation: number }[]>`
      select clock_timestamp() as now, generation from stream.active_generation`,
    sql<ProcessRow[]>`
      select p.process, p.name, p.host, p.pid, p.started_at as "startedAt", p.partitions,
        p.beat_at > clock_timestamp() - ${STANDSTILL_MS}::int * interval '1 millisecond' as "isBeating",
        (select count(*) from stream.processes e where e.host = p.host and e.ended_at is not null)::int
          as "stoppedBefore",
        (select count(*) from stream.processes e where e.host = p.host and e.ended_at is null and not exists (
          select from pg_stat_activity x where x.pid = e.backend_pid and x.backend_start = e.backend_start))::int
          as "killedBefore"
      from stream.processes p
      join pg_stat_activity a on a.pid = p.backend_pid and a.backend_start = p.backend_start
      where p.ended_at is null
      order by p.process`,
    sql<OwnedPartition[]>`
      select l.partition, case when a.pid is not null then o.owner end as owner,
        coalesce(log.is_at_work(o.backend_pid, o.backend_start, ${STANDSTILL_MS}::int * interval '1 millisecond'), false)
          as "isWorkedOn",
        o.epoch, o.taken_at as "takenAt", c."offset", c.appended_at as "appendedAt", c.watermark,
        c.processed_at as "processedAt", c.events, c.late_events as "lateEvents"
      from log.partitions l
      cross join stream.active_generation g
      left join log.owners o on o.consumer = 'stream/' || g.generation and o.partition = l.partition
      left join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
      left join stream.checkpoints c on c.generation = g.generation and c.partition = l.partition
      order by l.partition`,
  ])
  if (!state) throw new Error('the state of the stream came back empty')
  return {
    ...state,
    partitions: [...partitions],
    processes: processes.map(({ name, partitions: shared, isBeating, ...process }) => {
      const worksOn = partitions.filter(({ owner }) => owner === name).map(({ partition }) => partition)
      return {
        ...process,
        state: !isBeating ? 'still' : worksOn.length > 0 ? 'at work' : 'stands by',
        worksOn,
        standsByFor: shared.filter(partition => !worksOn.includes(partition)),
      }
    }),
  }
}

interface ProcessRow {
  process: number
  name: string
  host: string
  pid: number
  startedAt: Instant
  partitions: number[]
  isBeating: boolean
  stoppedBefore: number
  killedBefore: number
}
