import { withConnection, withDatabase } from '#db/open.ts'
import { wireJobs } from '#jobs/registry.ts'
import { parseOptions, runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { pause, startPeriodic } from '#platform/time.ts'
import { SAMPLE_LOOK_MS, sampleLag } from '#server/serving/pipeline/lag-samples.ts'
import { batchTick, whenReady } from './batch-tick.ts'
import { pageRequests } from './job-requests.ts'
import { reconcileChanges } from './reconcile-changes.ts'
import { runSchedule } from './schedule.ts'

const USAGE = `Usage: npm start -- jobs

Keeps the reports up to date: looks at the start and at every tick of BATCH_SCHEDULE (a cron expression in UTC,
default every hour) for journal files that lie ready, for store-days that the log has changed, and for what was
missed; every half hour for reviews; and does what is asked for on the Pipeline page. Several may run: each run is
done by one. Settings come from the environment: see .env.example.
`

/** A stop is over within 5 s: a run that takes longer is rolled back and done by the next start. */
const STOP_WITHIN_MS = 4_000

/** Reviews follow purchases at leisure. */
const REVIEWS_SCHEDULE = '*/30 * * * *'

await runCommand({
  usage: USAGE,
  hint: '"npm start -- jobs" takes no options.',
  parse: args => parseOptions(args, {}),
  run: async () => {
    const environment = readEnvironment()
    const { batchSchedule } = environment
    const logger = openLogger('jobs', environment)
    const stop = stopOnSignals()
    await withDatabase(environment, async ({ url }) => {
      logger.info({ schedule: batchSchedule }, `jobs look for work at "${batchSchedule}" (UTC)`)
      const jobs = wireJobs(environment)
      const sampling = startPeriodic(
        () => withConnection(url, { applicationName: 'tillstream lag samples' }, sampleLag),
        {
          everyMs: SAMPLE_LOOK_MS,
          onFailure: err => logger.debug({ err }, 'how far behind the paths are was not written down'),
        },
      )
      const ended = runSchedule({
        databaseUrl: url,
        tick: batchTick({
          schedule: batchSchedule,
          before: [whenReady(jobs.journal_import)],
          followUps: [reconcileChanges(jobs.reconciliation)],
          after: [
            whenReady(jobs.batch_rules),
            whenReady(jobs.expected_sales),
            whenReady(jobs.replenishment),
            whenReady(jobs.price_hints),
            whenReady(jobs.archive),
            whenReady(jobs.log_retention),
            whenReady(jobs.ledger_retention),
          ],
        }),
        others: [whenReady(jobs.reviews_import, REVIEWS_SCHEDULE), pageRequests(Object.values(jobs))],
        logger,
        signal: stop,
      }).then(() => 'jobs have stopped')
      const overdue = whenStopped(stop).then(async () => {
        await pause(STOP_WITHIN_MS)
        return 'jobs end in the middle of a run: it is rolled back'
      })
      logger.info(await Promise.race([ended, overdue]))
      void sampling.stop()
    })
  },
})
