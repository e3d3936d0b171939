import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { ALL_JOBS, findJob } from '#domain/reports.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { daysBetween, MAX_SCOPE_DAYS } from '#server/serving/scope.ts'
import type { Serving } from '#server/serving/serving.ts'

export interface JobRequest {
  request: number
  job: string
  /** Both included; null for jobs that take no range. */
  from: BusinessDay | null
  to: BusinessDay | null
  state: 'requested' | 'running' | 'succeeded' | 'failed'
  /** What came of it. */
  detail: string | null
  requestedAt: Instant
  startedAt: Instant | null
  endedAt: Instant | null
}

export interface JobRequests {
  now: Instant
  /** Newest first. */
  requests: JobRequest[]
  /** Business days of the log, both included: what can be asked for. Null while it is empty. */
  range: DayRange | null
  /** When the schedule last said that it lives; null where none ever ran. */
  heartbeatAt: Instant | null
}

const SHOWN_REQUESTS = 20
/** Requests that wait or are under way at once: what is asked for beyond is refused. */
export const MOST_REQUESTS = 50

/** What people asked of the batch path, and what they can ask for. */
export async function readJobRequests({ sql }: Pick<Serving, 'sql'>): Promise<JobRequests> {
  const [requests, [state], range] = await Promise.all([
    sql<JobRequest[]>`
      select request, job, from_day as "from", to_day as "to", state, detail, requested_at as "requestedAt",
        started_at as "startedAt", ended_at as "endedAt"
      from live.job_requests order by request desc limit ${SHOWN_REQUESTS}`,
    sql<{ now: Instant; heartbeatAt: Instant | null }[]>`
      select clock_timestamp() as now, (select beat_at from batch.heartbeat) as "heartbeatAt"`,
    readLogRange(sql),
  ])
  if (!state) throw new Error('the state of the batch path came back empty')
  return { ...state, requests: [...requests], range }
}

interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

/** First and last business day of the log, as far as either path has read it. One step into an index each. */
async function readLogRange(sql: Serving['sql']): Promise<DayRange | null> {
  const [row] = await sql<{ from: BusinessDay | null; to: BusinessDay | null }[]>`
    with streamed as (
      select
        (select w.business_day from stream.windows w where w.generation = a.generation
          order by w.business_day limit 1) as first_day,
        (select w.business_day from stream.windows w where w.generation = a.generation
          order by w.business_day desc limit 1) as last_day
      from stream.active_generation a
    ),
    planned as (select min(business_day) as first_day, max(business_day) as last_day from batch.day_head)
    select least(s.first_day, p.first_day) as "from", greatest(s.last_day, p.last_day) as "to"
    from planned p left join streamed s on true`
  return row?.from && row.to ? { from: row.from, to: row.to } : null
}

export interface JobQuestion {
  job: string
  from?: BusinessDay | null | undefined
  to?: BusinessDay | null | undefined
}

/**
 * Asks the batch path for a run: the `jobs` process takes it within seconds. Asking for the same twice while
 * the first has not ended is refused, and so is what comes while `MOST_REQUESTS` have not.
 * @returns the number of the request
 * @throws RefusedError for a job that does not exist, or days outside the log
 */
export async function requestJob({ sql }: Pick<Serving, 'sql'>, question: JobQuestion): Promise<number> {
  const range = await checkQuestion(sql, question)
  const { job } = question
  const [from, to] = range === null ? [null, null] : [range.from, range.to]
  return sql.begin(async transaction => {
    // Two people who press at once: the second waits here and then sees the request of the first.
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.live.job_requests'))`
    const [same] = await transaction<{ request: number }[]>`
      select request from live.job_requests
      where state in ('requested', 'running') and job = ${job}
        and from_day is not distinct from ${from}::date and to_day is not distinct from ${to}::date`
    if (same) throw new RefusedError(`Request ${same.request} asks for the same and has not ended yet.`)
    const [{ open } = { open: 0 }] = await transaction<{ open: number }[]>`
      select count(*)::int as open from live.job_requests where state in ('requested', 'running')`
    if (open >= MOST_REQUESTS)
      throw new RefusedError(`${open} requests wait already: ask again when some of them have ended.`)
    const [asked] = await transaction<{ request: number }[]>`
      insert into live.job_requests (job, from_day, to_day) values (${job}, ${from}, ${to}) returning request`
    if (!asked) throw new Error('the request was not written')
    await transaction`
      select pg_notify('ops_changed', ''),
        live.append_ops('job_request', ${transaction.json({ request: asked.request, job, state: 'requested' })})`
    return asked.request
  })
}

async function checkQuestion(sql: Serving['sql'], { job, from, to }: JobQuestion): Promise<DayRange | null> {
  const takesRange = job === ALL_JOBS || findJob(job)?.takesRange
  if (takesRange === undefined)
    throw new RefusedError(`There is no job ${JSON.stringify(job)}: choose one of the list.`)
  if (!takesRange) return null
  if (!from || !to) throw new RefusedError(`${job} needs a first and a last day.`)
  const log = await readLogRange(sql)
  if (log === null) throw new RefusedError('The log is empty: there is nothing to run.')
  if (to < from) throw new RefusedError(`The last day (${to}) lies before the first (${from}).`)
  if (from < log.from || to > log.to)
    throw new RefusedError(`The log holds business days ${log.from} to ${log.to}: choose days within.`)
  const days = daysBetween(from, to)
  if (days > MAX_SCOPE_DAYS)
    throw new RefusedError(`${from} to ${to} are ${days} days: ask for ${MAX_SCOPE_DAYS} at most.`)
  return { from, to }
}
