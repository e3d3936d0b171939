import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { DayRange } from '#domain/calendar.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import type { OtherJobName } from '#domain/reports.ts'
import { messageOf } from '#platform/command.ts'
import type { CostMeter } from '#platform/cost-meter.ts'
import { abandonDeadRuns, ClaimLostError, failRuns, type Trigger } from './claims.ts'

/** What a job that fills no report does: wired in by the entry points, which alone may reach other parts of the system. */
export interface OtherJob {
  name: OtherJobName
  /** Whether there is anything to do: the schedule then runs it, and leaves the ledger alone otherwise. */
  isReady?(sql: Sql): Promise<boolean>
  /** Throws when it failed. */
  run(request: OtherJobRequest): Promise<OtherJobResult>
}

export interface OtherJobRequest {
  databaseUrl: string
  /** Null for jobs that take no range. */
  range: DayRange | null
  /** Its row in the ledger. */
  runId: number
  /** Of a reconciliation: every row is audited, or figures are compared, and rows where those show anything. */
  depth: 'rows' | 'figures'
  logger: Logger
}

export interface OtherJobResult {
  /** What to print for people, and as JSON. */
  text: string
  json: unknown
  /** The same in a line. */
  detail: string
  /** What the ledger counts: rows read, figures compared, entries removed. */
  rowCount: number
  /** Sales documents that it read, which its cost is held against; left out, those that the planner has met. */
  orders?: number
}

/** The same job is under way, of the same days where it takes any. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError'
}

/**
 * Runs a job that fills no report as a run of the ledger: claimed like any other, ended with success or with its error.
 * @param sql a client of one connection, on which the claim lives; the job uses clients of its own
 * @throws what the job throws; AlreadyRunningError when somebody else is at it; ClaimLostError when it has done its work
 *   but lost its claim on the way, so that somebody else may have done it too
 */
export async function runOtherJob(
  sql: Sql,
  ask: {
    job: OtherJob
    range: DayRange | null
    trigger: Trigger
    /** For people. */
    reason: string
    depth?: OtherJobRequest['depth']
  },
  {
    databaseUrl,
    logger,
    meter,
  }: Pick<OtherJobRequest, 'databaseUrl' | 'logger'> & { meter?: CostMeter | undefined },
): Promise<OtherJobResult> {
  const { job, range, depth = 'rows' } = ask
  const runId = await claim(sql, { ...ask, depth })
  const startedAt = performance.now()
  try {
    const result = await job.run({ databaseUrl, range, runId, depth, logger })
    const elapsedMs = performance.now() - startedAt
    meter?.add(job.name, {
      orders: result.orders ?? 0,
      rows: result.rowCount,
      databaseMicros: elapsedMs * 1_000,
    })
    meter?.observe('run', elapsedMs)
    await succeed(sql, { job: job.name, runId, rowCount: result.rowCount })
    return result
  } catch (error) {
    await failRuns(sql, [{ runId, error: messageOf(error) }])
    throw error
  }
}

/** Whether a job has not succeeded yet on this day of UTC. */
export function dueOnceADay(job: OtherJobName): NonNullable<OtherJob['isReady']> {
  return async sql => {
    const [done] = await sql`
      select from batch.runs
      where job = ${job} and state = 'succeeded' and period = (now() at time zone 'UTC')::date`
    return !done
  }
}

async function claim(
  sql: Sql,
  { job, range, trigger, reason, depth }: Parameters<typeof runOtherJob>[1],
): Promise<number> {
  await abandonDeadRuns(sql)
  // Not about one store, nor read up to one offset: the row says 'all' and leaves the offset open. Without days the
  // period says when it ran; whose turn it is does not depend on it, or midnight would let two run at once.
  const [claimed] = await sql<{ runId: number }[]>`
    insert into batch.runs (job, store, period, range_to, depth, state, trigger, attempt, code_version, rules_version,
      partition, backend_pid, backend_start, reason)
    select ${job.name}, 'all', coalesce(${range?.from ?? null}::date, (now() at time zone 'UTC')::date),
      ${range?.to ?? null}::date, ${range && depth ? depth : null}::text, 'running', ${trigger}, 1, '1', ${RULES_VERSION}, 0,
      pid, backend_start, ${reason}
    from pg_stat_activity where pid = pg_backend_pid()
    on conflict do nothing
    returning run_id as "runId"`
  if (!claimed) {
    throw new AlreadyRunningError(
      `${job.name}${range ? ` from ${range.from}` : ''} is already running elsewhere`,
    )
  }
  return claimed.runId
}

async function succeed(
  sql: Sql,
  { job, runId, rowCount }: { job: string; runId: number; rowCount: number },
): Promise<void> {
  const { count } = await sql`
    update batch.runs r set state = 'succeeded', finished_at = clock_timestamp(), row_count = ${rowCount}
    from pg_stat_activity me
    where me.pid = pg_backend_pid() and r.run_id = ${runId} and r.state = 'running'
      and r.backend_pid = me.pid and r.backend_start = me.backend_start`
  if (count === 0) {
    throw new ClaimLostError(
      `${job} lost its claim while it ran: its connection ended, and somebody else may run it too`,
    )
  }
}
