import pino from 'pino'
import { migrate } from '#db/migrate.ts'
import { openDatabase } from '#db/open.ts'
import { readEnvironment } from '#platform/environment.ts'
import { parseCommand, UsageError } from './command/arguments.ts'
import { executeCommand } from './command/execute-command.ts'
import { HELP } from './command/help.ts'
import { JOB_NAMES } from './command/run-job.ts'
import { wireJobs } from './wired-jobs.ts'

const EXIT_INTERRUPTED = 130

process.exit(await run())

async function run(): Promise<number> {
  try {
    const environment = readEnvironment()
    const otherJobs = Object.values(wireJobs(environment))
    const command = parseCommand(process.argv.slice(2), JOB_NAMES)
    if (command.kind === 'help') {
      process.stdout.write(HELP)
      return 0
    }
    const database = await openDatabase(environment)
    const stop = new AbortController()
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())
    const interrupted = new Promise<number>(resolve =>
      stop.signal.addEventListener('abort', () => resolve(EXIT_INTERRUPTED)),
    )
    try {
      await migrate(database.url)
      // Standard output is for results.
      const logger = pino({ level: environment.logLevel, base: { process: 'jobs' } }, pino.destination(2))
      const done = executeCommand(command, {
        databaseUrl: database.url,
        otherJobs,
        logger,
        print: text => process.stdout.write(text),
        report: line => process.stderr.write(`${line}\n`),
        signal: stop.signal,
      })
      // What an interrupted run leaves under way is rolled back, and its claim given up, with its connection.
      return await Promise.race([done, interrupted])
    } finally {
      await database.release()
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    if (error instanceof UsageError) process.stderr.write('"npm run jobs -- --help" shows how.\n')
    return error instanceof UsageError ? 2 : 1
  }
}
