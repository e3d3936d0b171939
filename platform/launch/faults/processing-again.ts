import type { Sql } from '#db/client.ts'
import { OWN_ENGINE } from '#domain/engine.ts'
import type { Instant } from '#domain/instant.ts'
import { generationOf, type StreamStand, standColumns } from './stream-stand.ts'

/** A fault whose end is looked for. Instants are the database's. */
export interface Struck {
  before: StreamStand
  at: Instant
  /** Of a freeze, once it was let go on. */
  releasedAt: Instant | null
}

/** When somebody looked, and whether the process worked again by then. */
interface Look {
  now: Instant
  again: boolean
}

/**
 * The stream works again once every partition is past what the log held at the strike, and past its checkpoint of then
 * where the log went on, and is worked on by who has taken it, or connected, since; or has asked for something since it was
 * let go on. Another engine takes a partition when it first reads something of it.
 */
export async function isStreamAgain(sql: Sql, { before, at, releasedAt }: Struck): Promise<Look> {
  const { partition, offset, epoch, end } = standColumns(before)
  const [look] = await sql<Look[]>`
    with stands as (
      select
        a.pid is not null
          and (o.epoch > b.epoch and g.generation = ${before.generation} or o.backend_start > ${at}::timestamptz
            or a.state_change > ${releasedAt}::timestamptz) as is_taken,
        s.engine <> ${OWN_ENGINE} and e."offset" = b."end" as has_nothing_to_read,
        coalesce(c."offset", 0) >= b."end"
          and (coalesce(c."offset", 0) > b."offset" or e."offset" = coalesce(c."offset", 0)) as is_past
      from unnest(${partition}::text::smallint[], ${offset}::text::bigint[], ${epoch}::text::bigint[],
        ${end}::text::bigint[]) as b(partition, "offset", epoch, "end")
      cross join ${generationOf(sql, before)} g
      join stream.generations s on s.generation = g.generation
      left join log.owners o on o.consumer = 'stream/' || g.generation and o.partition = b.partition
      left join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
      left join stream.checkpoints c on c.generation = g.generation and c.partition = b.partition
      cross join lateral log.last_position(b.partition) e
    )
    select clock_timestamp() as now,
      coalesce(bool_and(is_past and (is_taken or has_nothing_to_read)) and bool_or(is_taken), false) as again
    from stands`
  return look ?? { now: 0, again: false }
}

/** While another engine's generation is active, a stream process works again once it says that it is there. */
export async function isStandingByAgain(sql: Sql, { at, releasedAt }: Struck): Promise<Look> {
  const [look] = await sql<Look[]>`
    select clock_timestamp() as now, exists (
      select from stream.processes where ended_at is null
        and (started_at > ${at}::timestamptz or beat_at > ${releasedAt}::timestamptz)
    ) as again`
  return look ?? { now: 0, again: false }
}

/** The archiver works again once every partition is worked on by who has connected, or has asked for something, since. */
export async function isArchiverAgain(sql: Sql, { at, releasedAt }: Struck): Promise<Look> {
  const [look] = await sql<Look[]>`
    select clock_timestamp() as now, coalesce(bool_and(
        o.backend_start > ${at}::timestamptz or a.state_change > ${releasedAt}::timestamptz
      ), false) as again
    from log.partitions p
    left join log.owners o on o.consumer = 'archiver' and o.partition = p.partition
    left join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start`
  return look ?? { now: 0, again: false }
}

/** Whether the active generation has taken in something that was appended since. */
export async function hasReadSince(sql: Sql, since: Instant): Promise<Look> {
  const [look] = await sql<Look[]>`
    select clock_timestamp() as now, exists (
      select from stream.checkpoints join stream.active_generation using (generation)
      where appended_at > ${since}::timestamptz
    ) as again`
  return look ?? { now: 0, again: false }
}

/**
 * The intake works again once something is in the log that was appended since: an event, or a tick of its own. Where the log
 * is in Kafka, so does the archiver, by which alone it is seen here.
 */
export async function firstAppendSince(sql: Sql, since: Instant): Promise<Instant | null> {
  const [row] = await sql<{ at: Instant | null }[]>`
    select min(first.appended_at) as at
    from log.partitions p
    cross join lateral (
      select e.appended_at from log.event_log e
      where e.partition = p.partition and e.appended_at > ${since}::timestamptz
      order by e.appended_at limit 1
    ) first`
  return row?.at ?? null
}

/** The batch path works again once a tick has succeeded; or, with none under way or due, once its schedule has beaten. */
export async function firstTickSince(
  sql: Sql,
  since: Instant,
  { isTickNeeded }: { isTickNeeded: boolean },
): Promise<Instant | null> {
  const [row] = await sql<{ at: Instant | null }[]>`
    select case when tick_succeeded_at > ${since}::timestamptz then tick_succeeded_at
      when not ${isTickNeeded}::boolean and beat_at > ${since}::timestamptz
        and (tick_began_at is null or tick_began_at <= tick_succeeded_at) then beat_at end as at
    from batch.heartbeat`
  return row?.at ?? null
}
