import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { OTHER_JOBS, REPORTS } from '#domain/reports.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { readHistory } from '#jobs/ledger/history.ts'
import type { OtherJob } from '#jobs/ledger/other-jobs.ts'
import type { Command } from './arguments.ts'
import { describeHistory, textTable } from './describe.ts'
import { runJob } from './run-job.ts'

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
    case 'run':
      return run(command, context)
  }
}

function list({ json }: { json: boolean }, { print }: CommandContext): number {
  const jobs = [
    ...REPORTS.map(({ name, grain, cadence, summary }) => ({
      name,
      per: grain,
      runs: CADENCES[cadence],
      summary,
    })),
    ...OTHER_JOBS.map(({ name, runs, summary }) => ({ name, per: '', runs, summary })),
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

async function run(
  { job, range, trigger, json }: Extract<Command, { kind: 'run' }>,
  { databaseUrl, otherJobs, print, report, logger, signal }: CommandContext,
): Promise<number> {
  const client = () => connectForRuns(databaseUrl, 'tillstream jobs command')
  const outcome = await withClient(client(), runs =>
    withClient(client(), besides =>
      runJob(runs, { job, range, trigger }, { databaseUrl, besides, otherJobs, report, logger, signal }),
    ),
  )
  print(json ? `${JSON.stringify(outcome.json, null, 2)}\n` : outcome.text)
  return outcome.isComplete ? 0 : 1
}

async function withClient<Result>(sql: Sql, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
