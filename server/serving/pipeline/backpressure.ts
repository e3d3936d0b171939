import type { Instant } from '#domain/instant.ts'
import { STAGES, type StageName } from '#domain/stages.ts'
import { readLiveStand } from '#server/serving/live-board/stand.ts'
import type { Serving } from '#server/serving/serving.ts'
import { MOST_REQUESTS } from './job-requests.ts'

/** A bounded stage, over all processes that have one. */
export interface Stage {
  stage: StageName
  title: string
  /** Of `waiting` and `bound`. */
  unit: string
  /** What happens there when the bound is met. */
  atBound: string
  /** Null: no process has said so within half a minute. */
  waiting: number | null
  /** The most that waited lately in one process; null where nobody watches in between. */
  peak: number | null
  /** Of one process; null: the disk is its bound. */
  bound: number | null
  waitingSince: Instant | null
  /** How often the bound was met since the processes began; null where that is not counted. */
  met: number | null
}

export interface Backpressure {
  now: Instant
  stages: Stage[]
}

type Known = Omit<Stage, 'stage' | 'title' | 'unit' | 'atBound'>

/** What waits at each stage of the pipeline, and its bound: as processes have said, and as the tables tell. */
export async function readBackpressure({ sql }: Pick<Serving, 'sql'>): Promise<Backpressure> {
  const [[clock], told, [files], [requests], stand] = await Promise.all([
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
    sql<(Known & { stage: string })[]>`
      select stage, sum(waiting)::bigint as waiting, max(bound) as bound, max(peak) as peak,
        min(waiting_since) as "waitingSince", sum(met)::bigint as met
      from meter.stages where told_at > clock_timestamp() - interval '30 seconds' group by stage`,
    sql<{ waiting: number; since: Instant | null }[]>`
      select coalesce(sum(untaken), 0)::int as waiting, (select min(since) from intake.untaken_files) as since
      from intake.drop_folders`,
    sql<{ waiting: number; since: Instant | null }[]>`
      select count(*)::int as waiting, min(requested_at) as since from live.job_requests
      where state in ('requested', 'running')`,
    readLiveStand(sql),
  ])
  const known = new Map<string, Known>(told.map(({ stage, ...reading }) => [stage, reading]))
  const table = (waiting: number, since: Instant | null, bound: number | null): Known => ({
    waiting,
    peak: null,
    bound,
    waitingSince: since,
    met: null,
  })
  known.set('drop_files', table(files?.waiting ?? 0, files?.since ?? null, null))
  known.set('job_requests', table(requests?.waiting ?? 0, requests?.since ?? null, MOST_REQUESTS))
  known.set('log_unread', table(stand.lagEvents, stand.lagEvents === 0 ? null : stand.knownUpTo, null))
  return {
    now: clock?.now ?? 0,
    stages: STAGES.map(({ name, ...words }) => ({
      stage: name,
      ...words,
      ...(known.get(name) ?? { waiting: null, peak: null, bound: null, waitingSince: null, met: null }),
    })),
  }
}
