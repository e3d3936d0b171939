import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { DayRange } from '#domain/calendar.ts'
import { ALL_JOBS, REPORTS } from '#domain/reports.ts'
import type { Trigger } from '#jobs/ledger/claims.ts'
import { type OtherJob, runOtherJob } from '#jobs/ledger/other-jobs.ts'
import { runWanted } from '#jobs/run/run-wanted.ts'
import type { CostMeter } from '#platform/cost-meter.ts'
import { describeSet, describeSummary, isComplete, summarise, summaryLine } from './describe.ts'

/** A job that somebody asks for, on the command line or from a page. */
export interface JobAsked {
  /** One of the catalogue, or all reports. */
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
  /** Keeps what jobs cost. */
  meter?: CostMeter
}

export interface JobOutcome {
  /** Everything that was asked for stands now. */
  isComplete: boolean
  /** For people, as JSON, and in a line. */
  text: string
  json: unknown
  detail: string
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
  { besides, report, logger, signal, meter }: JobContext,
): Promise<JobOutcome> {
  if (range === null) throw new Error(`${job} needs days`)
  const startedAt = performance.now()
  const jobs = job === ALL_JOBS ? REPORTS.map(({ name }) => name) : [job]
  const summary = await runWanted(runs, {
    wanted: { kind: 'range', jobs, ...range },
    trigger,
    now: Date.now,
    ...(besides && { besides }),
    onSet: (outcome, progress) => report(describeSet(outcome, progress)),
    onRetry: (name, err, attempt) =>
      logger.warn({ err, job: name, attempt }, `${name}: attempt ${attempt} failed, trying again`),
    signal,
    meter,
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
  context: JobContext,
): Promise<JobOutcome> {
  const reason = range === null ? 'asked for' : `asked for, ${range.from} to ${range.to}`
  const startedAt = performance.now()
  const result = await runOtherJob(runs, { job: other, range, trigger, reason }, context)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  return { ...result, isComplete: true, detail: `${result.detail}, ${seconds} s` }
}
