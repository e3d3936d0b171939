import type { Sql } from '#db/client.ts'
import type { Fragment, Transaction } from '#db/transaction.ts'
import type { BusinessDay, DayRange } from '#domain/calendar.ts'
import { ALL_JOBS, findJob, JOBS } from '#domain/reports.ts'
import { type JobContext, runJob } from '#jobs/command/run-job.ts'
import type { OtherJob } from '#jobs/ledger/other-jobs.ts'
import { messageOf } from '#platform/command.ts'
import { classifyLogError } from '#server/log/log-errors.ts'
import type { ScheduledTask } from './schedule.ts'

/** What people ask for on the pages, done within about two seconds when nothing else is under way. */
export function pageRequests(otherJobs: readonly OtherJob[]): ScheduledTask {
  return {
    name: 'the requests of the pages',
    isWaiting: isRequestWaiting,
    run: ({ runs, ...context }) =>
      serveRequests(runs, { ...context, otherJobs, report: line => context.logger.debug(line) }),
  }
}

/** After so many processes that ended in the middle of it, a request is given up: it may be what ends them. */
export const MAX_ATTEMPTS = 3

/**
 * Does what people have asked for on the pages, oldest first, until nothing waits. However a request ends, it is
 * written back and told to the pages.
 * @param runs a client of one connection (`connectForRuns`): it holds the requests, and runs are claimed on it
 * @throws when the database is away: the request is then taken again, here or elsewhere
 */
export async function serveRequests(runs: Sql, context: JobContext): Promise<void> {
  for (;;) {
    context.signal.throwIfAborted()
    const taken = await takeRequest(runs)
    if (!taken) return
    const end = await serve(runs, taken, context)
    await endRequest(runs, taken, end)
    const { request, job } = taken
    context.logger[end.state === 'failed' ? 'warn' : 'info'](
      { request, job, ...end },
      `request ${request}, ${job}: ${end.state}, ${end.detail}`,
    )
  }
}

async function serve(
  runs: Sql,
  taken: TakenRequest,
  context: JobContext,
): Promise<{ state: 'succeeded' | 'failed'; detail: string }> {
  const { job, attempts } = taken
  if (attempts > MAX_ATTEMPTS) {
    return { state: 'failed', detail: `Given up: ${MAX_ATTEMPTS} processes have ended in the middle of it.` }
  }
  const checked = checkRequest(taken)
  if ('fault' in checked) return { state: 'failed', detail: checked.fault }
  try {
    const { isComplete, detail } = await runJob(
      runs,
      { job, range: checked.range, trigger: 'request' },
      context,
    )
    return { state: isComplete ? 'succeeded' : 'failed', detail }
  } catch (error) {
    // A process that stops leaves its request to the next.
    context.signal.throwIfAborted()
    // So does one whose database is away: this is no answer to who asked.
    if (classifyLogError(error).kind === 'unavailable') throw error
    return { state: 'failed', detail: messageOf(error) }
  }
}

/** A request from a page, taken. */
interface TakenRequest {
  request: number
  job: string
  fromDay: BusinessDay | null
  toDay: BusinessDay | null
  /** How often it was taken: whoever took it later is its owner. */
  attempts: number
}

/** Waiting, or under way in a process whose backend is gone. */
function isOpen(sql: Sql | Transaction): Fragment {
  return sql`(r.state = 'requested' or (r.state = 'running' and not exists (
    select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)))`
}

/** Whether anything waits: for polls, next to free while nothing does. */
export async function isRequestWaiting(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ waits: boolean }[]>`
    select exists (
      select from live.job_requests r where r.state in ('requested', 'running') and ${isOpen(sql)}) as waits`
  return row?.waits ?? false
}

/**
 * Takes the oldest request that waits, and tells the pages. Of several processes one takes it, and holds it as
 * long as its connection lives: behind a process that died, another takes it again.
 * @param sql a client of one connection
 */
export async function takeRequest(sql: Sql): Promise<TakenRequest | null> {
  const taken = await sql.begin(async transaction => {
    const [row] = await transaction<TakenRequest[]>`
      update live.job_requests q
      set state = 'running', started_at = clock_timestamp(), ended_at = null, detail = null,
        attempts = q.attempts + 1, backend_pid = me.pid, backend_start = me.backend_start
      from (select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()) me
      where q.request = (
        select r.request from live.job_requests r
        where r.state in ('requested', 'running') and ${isOpen(transaction)}
        order by r.request limit 1 for update skip locked)
      returning q.request, q.job, q.from_day as "fromDay", q.to_day as "toDay", q.attempts`
    if (row) await announce(transaction, row, { state: 'running', detail: null })
    return row ?? null
  })
  if (taken) await hint(sql)
  return taken
}

/** Writes how a request ended, unless another process has taken it meanwhile. */
export async function endRequest(
  sql: Sql,
  taken: TakenRequest,
  end: { state: 'succeeded' | 'failed'; detail: string },
): Promise<void> {
  await sql.begin(async transaction => {
    const { count } = await transaction`
      update live.job_requests set state = ${end.state}, detail = ${end.detail}, ended_at = clock_timestamp()
      where request = ${taken.request} and state = 'running' and attempts = ${taken.attempts}`
    if (count > 0) await announce(transaction, taken, end)
  })
  await hint(sql)
}

/** The lane is locked until the commit: the last statement of its transaction. */
async function announce(
  transaction: Transaction,
  { request, job, fromDay, toDay }: TakenRequest,
  { state, detail }: { state: string; detail: string | null },
): Promise<void> {
  const payload = { request, job, from: fromDay, to: toDay, state, detail }
  await transaction`select live.append_ops('job_request', ${transaction.json(payload)})`
}

/** After the commit; what nobody hears is found by polling. */
async function hint(sql: Sql): Promise<void> {
  await sql`select pg_notify('ops_changed', '')`.catch(() => {})
}

/** The days a request asks for, null for a job that takes none; or, in words, why it cannot be done. */
function checkRequest({ job, fromDay, toDay }: TakenRequest): { range: DayRange | null } | { fault: string } {
  const takesRange = job === ALL_JOBS || findJob(job)?.takesRange
  if (takesRange === undefined) {
    return {
      fault: `There is no job "${job}": it is one of all, ${JOBS.map(({ name }) => name).join(', ')}.`,
    }
  }
  const range = fromDay === null || toDay === null ? null : { from: fromDay, to: toDay }
  if (takesRange) return range ? { range } : { fault: `${job} needs days: say from which to which.` }
  return range ? { fault: `${job} takes no days: ask for it without.` } : { range: null }
}
