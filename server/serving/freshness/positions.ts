import type { Reading } from '#db/transaction.ts'
import { type Engine, OWN_ENGINE } from '#domain/engine.ts'
import type { Instant } from '#domain/instant.ts'
import { inStores } from '#server/serving/scope.ts'
import { readArchivedUpTo } from './archive.ts'

/** How far something has read the log of one partition. */
export interface ReadPosition {
  partition: number
  /** Offset read up to. */
  through: number
  /** Append time of the entry at `through`. */
  appendedAt: Instant
}

/** The same of the stream, which also knows how far event time has come. */
export interface StreamPosition extends ReadPosition {
  watermark: Instant | null
  processedAt: Instant | null
}

/** What a live figure stands on. */
export interface StreamBasis {
  generation: number
  /** What follows the log with it. */
  engine: Engine
  /** Minimum over partitions that have one. */
  watermark: Instant | null
  /** When the newest contributing batch of events committed. */
  processedAt: Instant | null
  through: Record<string, number>
  rulesVersion: number
}

/** Where the stream stands, for figures that come from its tables. */
export interface StreamStand {
  /** The database's clock, to which ages are relative. */
  now: Instant
  basis: StreamBasis
  /** By partition, those it has not read yet among them. */
  positions: StreamPosition[]
  /** Up to when everything that was appended can be read here; null where the log is in Postgres itself. */
  archivedUpTo: Instant | null
}

/**
 * Reads it in the snapshot the figures are read in: they then stand on exactly these offsets.
 * @param scope only the partitions of its stores; without one every partition, those without a store among them
 * @param of a generation; null: the active one
 */
export async function readStreamStand(
  reading: Reading,
  scope: { stores: readonly string[] } | null = null,
  of: number | null = null,
): Promise<StreamStand> {
  const [[active], positions, archivedUpTo] = await Promise.all([
    reading<{ generation: number; engine: Engine; rulesVersion: number; now: Instant }[]>`
      select g.generation, g.engine, g.rules_version as "rulesVersion", clock_timestamp() as now
      from stream.active_generation a join stream.generations g on g.generation = coalesce(${of}::integer, a.generation)`,
    reading<StreamPosition[]>`
      select p.partition, coalesce(c."offset", 0) as through,
        coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt", c.watermark,
        c.processed_at as "processedAt"
      from log.partitions p
      left join stream.checkpoints c on c.partition = p.partition
        and c.generation = coalesce(${of}::integer, (select generation from stream.active_generation))
      where ${scope ? reading`exists (select from ref.stores s where s.partition = p.partition ${inStores(reading, scope, 's.store')})` : reading`true`}
      order by p.partition`,
    readArchivedUpTo(reading),
  ])
  if (!active) throw new Error('stream.active_generation is empty: run the migrations again')
  const { now, generation, engine, rulesVersion } = active
  const watermarks = positions.flatMap(({ watermark }) => watermark ?? [])
  const processed = positions.flatMap(({ processedAt }) => processedAt ?? [])
  return {
    now,
    basis: {
      generation,
      engine,
      rulesVersion,
      watermark: watermarks.length > 0 ? Math.min(...watermarks) : null,
      processedAt: processed.length > 0 ? Math.max(...processed) : null,
      through: Object.fromEntries(positions.map(({ partition, through }) => [partition, through])),
    },
    positions,
    archivedUpTo,
  }
}

/**
 * Generations that give an answer of their own beside the active one: those that another engine follows the log with; and
 * while one of them is active, the newest of our own, which stands by. By number.
 */
export async function otherGenerations(reading: Reading): Promise<{ generation: number; engine: Engine }[]> {
  return reading<{ generation: number; engine: Engine }[]>`
    with active as (
      select g.generation, g.engine from stream.active_generation a join stream.generations g using (generation)
    ), own as (
      select g.generation from stream.generations g, active
      where g.engine = ${OWN_ENGINE} and g.state = 'retired' and active.engine <> ${OWN_ENGINE}
      order by g.activated_at desc nulls last, g.generation desc limit 1
    )
    select g.generation, g.engine from stream.generations g, active
    where g.generation <> active.generation
      and (g.engine <> ${OWN_ENGINE} or g.generation = (select generation from own))
    order by g.generation`
}

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
const LAG_COUNTED_UP_TO = 10_000

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
