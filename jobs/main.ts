import pino from 'pino'
import { connect } from '#db/client.ts'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { readEnvironment } from '#server/environment.ts'
import { importDroppedFiles } from '#server/intake/drop-folder.ts'
import { describeReconciliation } from '#server/serving/reconcile/describe-reconciliation.ts'
import { runReconciliation } from '#server/serving/reconcile/reconcile-job.ts'
import { parseCommand, UsageError } from './command/arguments.ts'
import { executeCommand } from './command/execute-command.ts'
import { HELP } from './command/help.ts'
import type { OtherJob } from './other-job.ts'
import { REPORTS } from './reports/all-reports.ts'

const EXIT_INTERRUPTED = 130

const reconciliation: OtherJob = {
  name: 'reconciliation',
  summary: 'stream against batch, every difference explained; fails when one is not',
  takesRange: true,
  async run({ databaseUrl, range, runId }) {
    if (range === null) throw new Error('reconciliation needs days')
    const sql = connect(databaseUrl, { max: 1, applicationName: 'tillstream reconciliation' })
    try {
      const result = await runReconciliation(sql, { ...range, stores: [], runId })
      return { text: describeReconciliation(result), json: { ...range, ...result } }
    } finally {
      await sql.end({ timeout: 1 })
    }
  },
}

const journalImport: OtherJob = {
  name: 'journal_import',
  summary: 'loads the journal files that lie ready in the drop folder',
  takesRange: false,
  async run({ databaseUrl }) {
    const { dropDir } = readEnvironment()
    const files = await importDroppedFiles({ databaseUrl, dropDir })
    const lines = files.map(file => `${file.mapping}/${file.name}: ${file.state}\n`)
    return { text: lines.length > 0 ? lines.join('') : `No file lies ready in ${dropDir}.\n`, json: files }
  },
}

const OTHER_JOBS: readonly OtherJob[] = [reconciliation, journalImport]

process.exit(await run())

async function run(): Promise<number> {
  try {
    const command = parseCommand(process.argv.slice(2), {
      jobs: [...REPORTS, ...OTHER_JOBS].map(({ name }) => name),
      withoutRange: OTHER_JOBS.filter(job => !job.takesRange).map(({ name }) => name),
    })
    if (command.kind === 'help') {
      process.stdout.write(HELP)
      return 0
    }
    const environment = readEnvironment()
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
        otherJobs: OTHER_JOBS,
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
