import { type Instant, SECOND_MS } from '#domain/instant.ts'
import { type Freshness, readFreshness } from '#server/serving/freshness/freshness.ts'
import type { Serving } from '#server/serving/serving.ts'
import { readWitnesses, type Witnesses } from './witnesses.ts'

/** What flows through the pipeline now, part by part. */
interface Flow {
  now: Instant
  health: PipelineHealth
  freshness: Freshness
  /** Events of the last minute, by the log's append time; ticks not counted. */
  perMinute: {
    live: number
    bulk: number
    /** Set aside as dead letters. */
    rejected: number
    /** Of the appended ones, those that each path has read. */
    streamRead: number
    batchRead: number
  }
  partitions: PartitionFlow[]
  openLetters: number
  /** Files loaded in the last day; when the newest was, however long ago. */
  files: {
    loaded: number
    failed: number
    newestAt: Instant | null
    /** What lies in drop folders and is not taken; a folder that cannot be read counts as one. */
    untaken: number
  }
  /** The newest reconciliation. */
  reconciliation: { runId: number; state: string; finishedAt: Instant | null } | null
  /** What both paths, the audits and the tills say together. */
  witnesses: Witnesses
}

interface PartitionFlow {
  partition: number
  /** Last offset of the log. */
  end: number
  streamOffset: number
  streamLagEvents: number
  streamLagMs: number
  watermark: Instant | null
  /** Where the log is Kafka: how far it is archived, and how many entries are not; null where it is in Postgres. */
  archivedOffset: number | null
  archiveLagEvents: number
  archiveLagMs: number
  /** How far the planner has followed the log: runs read up to here. */
  plannerOffset: number
  /** How far the furthest run has read. */
  batchOffset: number
  batchLagEvents: number
  batchLagMs: number
  eventsPerMinute: number
}

interface RecentRow {
  partition: number
  plannerOffset: number
  live: number
  bulk: number
  streamRead: number
}

interface SideRow {
  rejected: number
  openLetters: number
  loaded: number
  failed: number
  newestAt: Instant | null
  untaken: number
  lastRunId: number | null
  lastState: string | null
  lastFinishedAt: Instant | null
}

/** Everything the overview shows, from a handful of index look-ups: it is asked every few seconds. */
export async function readFlow({ sql, intake }: Pick<Serving, 'sql' | 'intake'>): Promise<Flow> {
  const [freshness, recent, side, witnesses, intakeReadiness] = await Promise.all([
    readFreshness(sql),
    readRecent(sql),
    readSide(sql),
    readWitnesses({ sql }),
    // Without an intake of its own a process cannot say: then what arrives is the sign.
    intake?.readiness() ?? 'ok',
  ])
  const live = sum(recent, row => row.live)
  const bulk = sum(recent, row => row.bulk)
  const partitions = freshness.stream.partitions.map((lag, index): PartitionFlow => {
    const batch = freshness.batch.partitions[index]
    const row = recent[index]
    const archive = freshness.archive?.partitions[index]
    return {
      partition: lag.partition,
      end: Math.max(lag.end, archive?.end ?? 0),
      archivedOffset: archive?.through ?? null,
      archiveLagEvents: archive?.lagEvents ?? 0,
      archiveLagMs: archive?.lagMs ?? 0,
      streamOffset: lag.through,
      streamLagEvents: lag.lagEvents,
      streamLagMs: lag.lagMs,
      watermark: lag.watermark,
      plannerOffset: row?.plannerOffset ?? 0,
      batchOffset: batch?.through ?? 0,
      batchLagEvents: batch?.lagEvents ?? 0,
      batchLagMs: batch?.lagMs ?? 0,
      eventsPerMinute: (row?.live ?? 0) + (row?.bulk ?? 0),
    }
  })
  const { rejected, openLetters, loaded, failed, newestAt, untaken } = side
  return {
    now: freshness.now,
    freshness,
    health: judgeHealth({
      freshness,
      intakeReadiness,
      liveEventsPerMinute: live,
      bulkEventsPerMinute: bulk,
      untakenFiles: side.untaken,
      witnesses: witnesses.verdict,
      failedJobs: freshness.batch.jobs.flatMap(({ job, lastState }) => (lastState === 'failed' ? [job] : [])),
    }),
    perMinute: {
      live,
      bulk,
      rejected,
      streamRead: sum(recent, row => row.streamRead),
      batchRead: Math.max(0, live + bulk - freshness.batch.lagEvents),
    },
    partitions,
    openLetters,
    files: { loaded, failed, newestAt, untaken },
    reconciliation:
      side.lastRunId === null
        ? null
        : { runId: side.lastRunId, state: side.lastState ?? '', finishedAt: side.lastFinishedAt },
    witnesses,
  }
}

/** Per partition: how far the planner is, and what was appended within a minute. */
async function readRecent(sql: Serving['sql']): Promise<RecentRow[]> {
  return sql<RecentRow[]>`
    select p.partition, coalesce(planner."offset", 0) as "plannerOffset",
      recent.live, recent.bulk, recent.read as "streamRead"
    from log.partitions p
    cross join stream.active_generation active
    left join batch.planner_checkpoints planner on planner.partition = p.partition
    left join stream.checkpoints c on c.partition = p.partition and c.generation = active.generation
    cross join lateral (
      select count(*) filter (where e.class = 'live') as live, count(*) filter (where e.class = 'bulk') as bulk,
        count(*) filter (where e."offset" <= c."offset") as read
      from log.event_log e
      where e.partition = p.partition and e.appended_at > now() - interval '1 minute' and e.type <> 'tick'
    ) recent
    order by p.partition`
}

async function readSide(sql: Serving['sql']): Promise<SideRow> {
  const [row] = await sql<SideRow[]>`
    select letters.*, files.*, newest.*, dropped.*, run.*
    from (
      select count(*) filter (where met_at > now() - interval '1 minute') as rejected, count(*) as "openLetters"
      from intake.dead_letters where state = 'open'
    ) letters
    cross join (
      select count(*) filter (where state = 'loaded') as loaded, count(*) filter (where state = 'failed') as failed
      from intake.files where started_at > now() - interval '1 day'
    ) files
    cross join (
      select coalesce(sum(untaken + (problem is not null)::integer), 0)::bigint as untaken from intake.drop_folders
    ) dropped
    cross join (select max(finished_at) as "newestAt" from intake.files where state = 'loaded') newest
    left join lateral (
      select run_id as "lastRunId", state as "lastState", finished_at as "lastFinishedAt"
      from batch.runs where job = 'reconciliation' order by run_id desc limit 1
    ) run on true`
  if (!row) throw new Error('the state of the intake came back empty')
  return row
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}

/**
 * How a part of the pipeline does: ok, behind (it works, and has more to do than it should), down (it does
 * not work), quiet (nothing comes, which may be right).
 */
type Health = 'ok' | 'behind' | 'down' | 'quiet'

interface Judged {
  health: Health
  /** Why, in a few words; empty when all is well. */
  why: string
}

export interface HealthFacts {
  freshness: Freshness
  /** What the intake says of itself: 'ok', or what is wrong. */
  intakeReadiness: string
  liveEventsPerMinute: number
  bulkEventsPerMinute: number
  untakenFiles: number
  /** What all witnesses say together. */
  witnesses: Witnesses['verdict']
  /** A job whose newest run failed. */
  failedJobs: readonly string[]
}

type PipelineHealth = Record<
  'tills' | 'files' | 'intake' | 'log' | 'stream' | 'batch' | 'liveTables' | 'reports' | 'serving',
  Judged
>

/** An event that lies unread for longer is no live figure any more. */
const STREAM_BEHIND_MS = 5 * SECOND_MS

const OK: Judged = { health: 'ok', why: '' }

/** What is served is as good as the witnesses find it. */
const WITNESSED: Record<Witnesses['verdict'], Judged> = {
  agree: OK,
  found: { health: 'down', why: 'the witnesses do not agree: see Checks' },
  partly: { health: 'behind', why: 'not all of it has been compared' },
  never: { health: 'quiet', why: 'nothing has been compared yet' },
}

export function judgeHealth(facts: HealthFacts): PipelineHealth {
  const { freshness } = facts
  const stream = judgeStream(freshness)
  const batch = judged(freshness.health.jobs, 'down')
  return {
    tills: facts.liveEventsPerMinute > 0 ? OK : { health: 'quiet', why: 'no event in the last minute' },
    // Files come now and then.
    files: judgeFiles(facts),
    intake: judged(facts.intakeReadiness, 'down'),
    // Its answer is what all of this stands on; an event in it that a path cannot count is its own.
    log:
      freshness.health.archive === 'ok'
        ? judged(freshness.health.events, 'behind')
        : judged(freshness.health.archive, 'behind'),
    stream,
    batch,
    liveTables: stream.health === 'ok' ? OK : { health: 'behind', why: 'wait for the stream' },
    reports: judgeReports(facts, batch),
    serving: WITNESSED[facts.witnesses],
  }
}

function judgeFiles({ bulkEventsPerMinute, untakenFiles }: HealthFacts): Judged {
  if (untakenFiles > 0) return { health: 'behind', why: `${untakenFiles} not taken: see Lag` }
  return bulkEventsPerMinute > 0 ? OK : { health: 'quiet', why: 'no file in the last minute' }
}

/** One health everywhere: what `/readyz` says of a part, a page says too. */
function judged(sentence: string, otherwise: Health): Judged {
  return sentence === 'ok' ? OK : { health: otherwise, why: sentence }
}

function judgeStream({ stream, health }: Freshness): Judged {
  const idle = stream.partitions.filter(({ isWorkedOn }) => !isWorkedOn)
  if (idle.length > 0)
    return judged(health.stream, idle.length < stream.partitions.length ? 'behind' : 'down')
  if (stream.lagMs > STREAM_BEHIND_MS)
    return {
      health: 'behind',
      why: `its oldest unread event waits ${Math.round(stream.lagMs / SECOND_MS)} s`,
    }
  return OK
}

function judgeReports({ freshness: { health }, failedJobs }: HealthFacts, batch: Judged): Judged {
  if (health.reports !== 'ok') return judged(health.reports, 'behind')
  if (failedJobs.length > 0) return { health: 'behind', why: `last run failed: ${failedJobs.join(', ')}` }
  return batch.health === 'ok' ? OK : { health: 'behind', why: 'wait for the batch' }
}
