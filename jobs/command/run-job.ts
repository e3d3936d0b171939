import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { JOBS, REPORTS } from '#domain/reports.ts'
import type { Trigger } from '#jobs/ledger/claims.ts'
import {
  type OtherJob,
  type OtherJobRequest,
  type OtherJobResult,
  recordedRun,
} from '#jobs/ledger/other-jobs.ts'
import { runWanted } from '#jobs/run/run-wanted.ts'
import type { DayRange } from './arguments.ts'
import { describeSet, describeSummary, isComplete, summarise, summaryLine } from './describe.ts'

/** A job that somebody asks for, on the command line or from a page. */
export interface JobAsked {
  /** One of `JOB_NAMES`, or 'all'. */
  job: string
  /** Null for jobs that take none. */
  range: DayRange | null
  trigger: Exclude<Trigger, 'schedule'>
}

export interface JobContext {
  databaseUrl: string
  /** A second client of one connection: half of the stores then run on it, beside the others. */
  besides?: Sql
  otherJobs: readonly OtherJob[]
  logger: Logger
  /** Progress, one line at a time. */
  report(line: string): void
  signal: AbortSignal
}

export interface JobOutcome {
  /** Everything that was asked for stands now. */
  isComplete: boolean
  /** For people, as JSON, and in a line. */
  text: string
  json: unknown
  detail: string
}

/** The names that may be asked for, and those of them that take no days. */
export const JOB_NAMES = {
  jobs: JOBS.map(({ name }) => name),
  withoutRange: JOBS.filter(job => !job.takesRange).map(({ name }) => name),
}

/**
 * Runs a job with its rows in the ledger.
 * @param runs a client of one connection (`connectForRuns`)
 * @throws what a job without a report throws; of reports the outcome tells what failed
 */
export async function runJob(runs: Sql, asked: JobAsked, context: JobContext): Promise<JobOutcome> {
  const other = context.otherJobs.find(job => job.name === asked.job)
  return other ? runOther(runs, { ...asked, other }, context) : runReports(runs, asked, context)
}

async function runReports(
  runs: Sql,
  { job, range, trigger }: JobAsked,
  { besides, report, logger, signal }: JobContext,
): Promise<JobOutcome> {
  if (range === null) throw new Error(`${job} needs days`)
  const startedAt = performance.now()
  const jobs = job === 'all' ? REPORTS.map(({ name }) => name) : [job]
  const summary = await runWanted(runs, {
    wanted: { kind: 'range', jobs, ...range },
    trigger,
    now: Date.now,
    ...(besides && { besides }),
    onSet: (outcome, progress) => report(describeSet(outcome, progress)),
    onRetry: (name, err, attempt) =>
      logger.warn({ err, job: name, attempt }, `${name}: attempt ${attempt} failed, trying again`),
    signal,
  })
  const told = summarise(summary, range)
  return {
    isComplete: isComplete(told),
    text: describeSummary(told),
    json: told,
    detail: summaryLine(told, performance.now() - startedAt),
  }
}

async function runOther(
  runs: Sql,
  { other, range, trigger }: JobAsked & { other: OtherJob },
  { databaseUrl, logger }: JobContext,
): Promise<JobOutcome> {
  const reason = range === null ? 'asked for' : `asked for, ${range.from} to ${range.to}`
  const startedAt = performance.now()
  const result = await runRecorded(runs, { other, range, trigger, reason }, { databaseUrl, logger })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  return { ...result, isComplete: true, detail: `${result.detail}, ${seconds} s` }
}

/** A run of a job that fills no report. */
interface RecordedAsk {
  other: OtherJob
  range: DayRange | null
  trigger: Trigger
  reason: string
  depth?: OtherJobRequest['depth']
}

/** Runs a job that fills no report, with its row in the ledger. @throws AlreadyRunningError, and what the job throws */
export function runRecorded(
  runs: Sql,
  { other, range, trigger, reason, depth = 'full' }: RecordedAsk,
  { databaseUrl, logger }: Pick<JobContext, 'databaseUrl' | 'logger'>,
): Promise<OtherJobResult> {
  const period = range?.from ?? new Date().toISOString().slice(0, 10)
  return recordedRun(
    runs,
    { job: other.name, period, trigger, reason },
    runId => other.run({ databaseUrl, range, runId, depth, logger }),
    result => result.rowCount,
  )
}
