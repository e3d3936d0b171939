import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { migrate } from '#db/migrate.ts'
import { openDatabase } from '#db/open.ts'
import { wireJobs } from '#jobs/wired-jobs.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { batchTick, whenReady } from './batch-tick.ts'
import { requestDuty } from './job-requests.ts'
import { reconcileChanges } from './reconcile-changes.ts'
import { runSchedule } from './schedule.ts'

const HELP = `Usage: npm start -- jobs

Keeps the reports up to date: looks at the start and at every tick of BATCH_SCHEDULE (a cron expression in UTC,
default every hour) for journal files that lie ready, for store-days that the log has changed, and for what was
missed; every half hour for reviews; and does what is asked for on the Pipeline page. Several may run: each run is
done by one. Settings come from the environment: see .env.example.
`

/** A stop is over within 5 s: a run that takes longer is rolled back and done by the next start. */
const STOP_WITHIN_MS = 4_000

/** Reviews follow purchases at leisure. */
const REVIEWS_SCHEDULE = '*/30 * * * *'

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
  if (values.help) process.stdout.write(HELP)
  else process.exit(await run(readEnvironment()))
} catch (error) {
  const isUsage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ?? false
  process.stderr.write(`${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`)
  process.exit(isUsage ? 2 : 1)
}

async function run(environment: Environment): Promise<number> {
  const logger = pino({ level: environment.logLevel, base: { process: 'jobs' } })
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())
  const database = await openDatabase(environment)
  try {
    await migrate(database.url)
    logger.info(
      { schedule: environment.batchSchedule },
      `jobs look for work at "${environment.batchSchedule}" (UTC)`,
    )
    const overdue = new Promise<'overdue'>(resolve => {
      stop.signal.addEventListener('abort', () => void sleep(STOP_WITHIN_MS).then(() => resolve('overdue')))
    })
    const jobs = wireJobs(environment)
    const ended = runSchedule({
      databaseUrl: database.url,
      tick: batchTick({
        schedule: environment.batchSchedule,
        before: [whenReady(jobs.journalImport)],
        followUps: [reconcileChanges(jobs.reconciliation)],
        after: [whenReady(jobs.ledgerRetention)],
      }),
      others: [whenReady(jobs.reviewsImport, REVIEWS_SCHEDULE), requestDuty(Object.values(jobs))],
      logger,
      signal: stop.signal,
    })
    const end = await Promise.race([ended, overdue])
    logger.info(
      end === 'overdue' ? 'jobs end in the middle of a run: it is rolled back' : 'jobs have stopped',
    )
    return 0
  } finally {
    await database.release()
  }
}
