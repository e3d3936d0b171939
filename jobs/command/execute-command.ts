import type { Logger } from 'pino'
import { withConnection } from '#db/open.ts'
import { OTHER_JOBS, REPORTS } from '#domain/reports.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { readHistory } from '#jobs/ledger/history.ts'
import type { OtherJob } from '#jobs/ledger/other-jobs.ts'
import type { JobsCommand } from './arguments.ts'
import { describeHistory, textTable } from './describe.ts'
import { runJob } from './run-job.ts'

interface CommandContext {
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
export async function executeCommand(command: JobsCommand, context: CommandContext): Promise<number> {
  const { databaseUrl, print } = context
  const answer = (json: unknown, text: string) =>
    print(command.json ? `${JSON.stringify(json, null, 2)}\n` : text)
  switch (command.kind) {
    case 'list': {
      const jobs = [
        ...REPORTS.map(({ name, grain, cadence, summary }) => ({
          name,
          per: grain,
          runs: CADENCES[cadence],
          summary,
        })),
        ...OTHER_JOBS.map(({ name, runs, summary }) => ({ name, per: '', runs, summary })),
      ]
      const titles = ['job', 'per', 'runs', 'what it computes']
      answer(jobs, textTable(titles, jobs.map(Object.values<string>)))
      return 0
    }
    case 'history': {
      const entries = await withConnection(databaseUrl, { applicationName: 'tillstream jobs' }, sql =>
        readHistory(sql, command),
      )
      answer(entries, describeHistory(entries))
      return 0
    }
    case 'run': {
      const runs = connectForRuns(databaseUrl, 'tillstream jobs command')
      const besides = connectForRuns(databaseUrl, 'tillstream jobs command')
      try {
        const outcome = await runJob(runs, command, { ...context, besides })
        answer(outcome.json, outcome.text)
        return outcome.isComplete ? 0 : 1
      } finally {
        await Promise.all([runs.end({ timeout: 1 }), besides.end({ timeout: 1 })])
      }
    }
  }
}
