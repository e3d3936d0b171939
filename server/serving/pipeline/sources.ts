import type { Instant } from '#domain/instant.ts'
import { OUT_OF_ORDERNESS_MS, SOURCE_IDLE_MS } from '#domain/watermark.ts'
import type { Serving } from '#server/serving/serving.ts'

/** Something that sends events, as the stream has it; what was silent for a day it has forgotten. */
export interface SourceState {
  source: string
  /** Only live sources move watermarks; files are loaded in bulk. */
  class: 'live' | 'bulk'
  /** Null for files: their events go to the partitions of their stores. */
  partition: number | null
  /** Time of its newest event; null for files. */
  lastEventTime: Instant | null
  /** When its last event reached the log. */
  lastAppendedAt: Instant | null
  /** Newest event − 30 s, and never past the newest append: up to there nothing more is expected in order. */
  watermark: Instant | null
  /** Silent for a minute of its partition: the partition's watermark goes on without it. */
  isIdle: boolean
  /** It is the one that holds its partition's watermark where it is. */
  isSlowest: boolean
  /** Of files: how many were loaded, and the newest by name. */
  files: { loaded: number; failed: number; newest: string } | null
}

export interface Sources {
  now: Instant
  sources: SourceState[]
  /** There are more than are listed. */
  isCut: boolean
}

const MAX_SOURCES = 1_000

interface LiveRow {
  source: string
  partition: number
  maxEventTime: Instant
  lastAppendedAt: Instant
  newestAppendedAt: Instant
}

interface FileRow {
  mapping: string
  loaded: number
  failed: number
  newest: string
  newestAt: Instant | null
}

/** Who sends, and how far each is in event time. */
export async function readSources({ sql }: Pick<Serving, 'sql'>): Promise<Sources> {
  const [rows, files, [clock]] = await Promise.all([
    sql<LiveRow[]>`
      select s.source, s.partition, s.max_event_time as "maxEventTime", s.last_appended_at as "lastAppendedAt",
        c.appended_at as "newestAppendedAt"
      from stream.sources s
      join stream.active_generation using (generation)
      join stream.checkpoints c on c.generation = s.generation and c.partition = s.partition
      order by s.last_appended_at desc limit ${MAX_SOURCES + 1}`,
    sql<FileRow[]>`
      select mapping, count(*) filter (where state = 'loaded') as loaded,
        count(*) filter (where state = 'failed') as failed,
        (array_agg(name order by started_at desc))[1] as newest, max(finished_at) as "newestAt"
      from intake.files group by mapping order by mapping`,
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  const live = rows.slice(0, MAX_SOURCES).map(toSource)
  return {
    now: clock?.now ?? 0,
    sources: [...markSlowest(live), ...files.map(toFileSource)],
    isCut: rows.length > MAX_SOURCES,
  }
}

function toSource(row: LiveRow): SourceState {
  return {
    source: row.source,
    class: 'live',
    partition: row.partition,
    lastEventTime: row.maxEventTime,
    lastAppendedAt: row.lastAppendedAt,
    watermark: Math.min(row.maxEventTime - OUT_OF_ORDERNESS_MS, row.newestAppendedAt),
    isIdle: row.newestAppendedAt - row.lastAppendedAt >= SOURCE_IDLE_MS,
    isSlowest: false,
    files: null,
  }
}

function markSlowest(sources: readonly SourceState[]): SourceState[] {
  const slowest = new Map<number | null, SourceState>()
  for (const source of sources) {
    const known = slowest.get(source.partition)
    const isSlower = !known || (source.lastEventTime ?? 0) < (known.lastEventTime ?? 0)
    if (!source.isIdle && isSlower) slowest.set(source.partition, source)
  }
  return sources.map(source => ({ ...source, isSlowest: slowest.get(source.partition) === source }))
}

function toFileSource({ mapping, loaded, failed, newest, newestAt }: FileRow): SourceState {
  return {
    source: `files: ${mapping}`,
    class: 'bulk',
    partition: null,
    lastEventTime: null,
    lastAppendedAt: newestAt,
    watermark: null,
    isIdle: false,
    isSlowest: false,
    files: { loaded, failed, newest },
  }
}
