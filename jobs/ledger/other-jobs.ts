import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import type { OtherJobName } from '#domain/reports.ts'
import { abandonDeadRuns, failRuns, type Trigger } from './claims.ts'

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
  range: { from: BusinessDay; to: BusinessDay } | null
  /** Its row in the ledger. */
  runId: number
  /** By hand everything; the schedule may ask for what is cheap. */
  depth: 'full' | 'quick'
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
}

/** The same job is under way for the same period. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError'
}

/**
 * Does something that is no report (a reconciliation, an import) as a run of the ledger: claimed like any
 * other, ended with success or with its error.
 * @param sql a client of one connection, on which the claim lives; `work` uses clients of its own
 * @throws what `work` throws; AlreadyRunningError when somebody else is at it
 */
export async function recordedRun<Result>(
  sql: Sql,
  run: { job: string; period: string; trigger: Trigger; reason: string },
  work: (runId: number) => Promise<Result>,
  rowCountOf: (result: Result) => number | null = () => null,
): Promise<Result> {
  await abandonDeadRuns(sql)
  // Not about one store, nor read up to one offset: the ledger's row says 'all' and leaves the offset open.
  const [claimed] = await sql<{ runId: number }[]>`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start, reason)
    select ${run.job}, 'all', ${run.period}, 'running', ${run.trigger}, 1, '1', ${RULES_VERSION}, 0, pid, backend_start,
      ${run.reason}
    from pg_stat_activity where pid = pg_backend_pid()
    on conflict (job, store, period) where state = 'running' do nothing
    returning run_id as "runId"`
  if (!claimed) throw new AlreadyRunningError(`${run.job} from ${run.period} is already running elsewhere`)
  try {
    const result = await work(claimed.runId)
    await sql`
      update batch.runs
      set state = 'succeeded', finished_at = clock_timestamp(), row_count = ${rowCountOf(result)}
      where run_id = ${claimed.runId} and state = 'running'`
    return result
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    await failRuns(sql, [{ runId: claimed.runId, error: message }])
    throw error
  }
}
