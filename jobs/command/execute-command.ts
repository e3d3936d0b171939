import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { connectForRuns } from '#jobs/execute/batch-client.ts'
import { runWanted } from '#jobs/execute/run-wanted.ts'
import { readHistory } from '#jobs/ledger/read-history.ts'
import { recordedRun } from '#jobs/ledger/recorded-run.ts'
import type { OtherJob } from '#jobs/other-job.ts'
import { REPORTS } from '#jobs/reports/all-reports.ts'
import type { Command, DayRange } from './arguments.ts'
import { describeHistory, describeSet, describeSummary, isComplete, summarise } from './describe.ts'
import { textTable } from './text-table.ts'

export interface CommandContext {
  databaseUrl: string
  otherJobs: readonly OtherJob[]
  logger: Logger
  /** Results; nothing else goes here, so that `--json` stays clean. */
  print(text: string): void
  /** Progress, one line at a time. */
  report(line: string): void
  signal: AbortSignal
}

const CADENCES = {
  'every-tick': 'at every tick',
  'day-ended': 'after a day has ended',
} as const

type RunCommand = Extract<Command, { kind: 'run' }>

/** Does what the command line says. @returns the exit code: 0 done, 1 something failed */
export async function executeCommand(
  command: Exclude<Command, { kind: 'help' }>,
  context: CommandContext,
): Promise<number> {
  switch (command.kind) {
    case 'list':
      return list(command, context)
    case 'history':
      return history(command, context)
    case 'run': {
      const other = context.otherJobs.find(job => job.name === command.job)
      if (other) return runOther(command, other, context)
      return runReports(command, context)
    }
  }
}

function list({ json }: { json: boolean }, { otherJobs, print }: CommandContext): number {
  const jobs = [
    ...REPORTS.map(({ name, grain, cadence, summary }) => ({
      name,
      per: grain,
      runs: CADENCES[cadence],
      summary,
    })),
    ...otherJobs.map(({ name, summary }) => ({ name, per: '', runs: 'by hand', summary })),
  ]
  if (json) print(`${JSON.stringify(jobs, null, 2)}\n`)
  else
    print(
      textTable(
        ['job', 'per', 'runs', 'what it computes'],
        jobs.map(job => Object.values(job)),
      ),
    )
  return 0
}

async function history(
  { job, limit, json }: Extract<Command, { kind: 'history' }>,
  { databaseUrl, print }: CommandContext,
): Promise<number> {
  const entries = await withClient(
    connect(databaseUrl, { max: 1, applicationName: 'tillstream jobs' }),
    sql => readHistory(sql, { job, limit }),
  )
  print(json ? `${JSON.stringify(entries, null, 2)}\n` : describeHistory(entries))
  return 0
}

async function runReports(command: RunCommand, context: CommandContext): Promise<number> {
  const { databaseUrl, print, report, logger, signal } = context
  const range = rangeOf(command)
  const jobs = command.job === 'all' ? REPORTS.map(({ name }) => name) : [command.job]
  const client = () => connectForRuns(databaseUrl, 'tillstream jobs command')
  const summary = await withClient(client(), sql =>
    withClient(client(), besides =>
      runWanted(sql, {
        wanted: { kind: 'range', jobs, ...range },
        trigger: command.trigger,
        now: Date.now,
        besides,
        onSet: (outcome, progress) => report(describeSet(outcome, progress)),
        onRetry: (job, err, attempt) =>
          logger.warn({ err, job, attempt }, `${job}: attempt ${attempt} failed, trying again`),
        signal,
      }),
    ),
  )
  const told = summarise(summary, range)
  print(command.json ? `${JSON.stringify(told, null, 2)}\n` : describeSummary(told))
  return isComplete(told) ? 0 : 1
}

async function runOther(command: RunCommand, job: OtherJob, context: CommandContext): Promise<number> {
  const { databaseUrl, print, logger } = context
  const { range, trigger } = command
  const period = range?.from ?? new Date().toISOString().slice(0, 10)
  const reason = range === null ? 'asked for' : `asked for, ${range.from} to ${range.to}`
  const result = await withClient(connectForRuns(databaseUrl, 'tillstream jobs command'), sql =>
    recordedRun(sql, { job: job.name, period, trigger, reason }, runId =>
      job.run({ databaseUrl, range, runId, logger }),
    ),
  )
  print(command.json ? `${JSON.stringify(result.json, null, 2)}\n` : result.text)
  return 0
}

function rangeOf({ range, job }: RunCommand): DayRange {
  if (range === null) throw new Error(`${job} was parsed without a range`)
  return range
}

async function withClient<Result>(sql: Sql, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
