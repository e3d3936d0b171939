import { OTHER_JOBS } from '#domain/reports.ts'
import { runRecorded } from '#jobs/command/run-job.ts'
import { AlreadyRunningError } from '#jobs/ledger/recorded-run.ts'
import type { OtherJob } from '#jobs/other-job.ts'
import type { Duty } from './run-schedule.ts'

/** A job as a duty: runs, with its entry in the ledger, when there is something to do. */
export function whenReady(job: OtherJob, schedule?: string): Duty {
  const reason = OTHER_JOBS.find(({ name }) => name === job.name)?.runs ?? 'when due'
  return {
    name: job.name,
    ...(schedule !== undefined && { schedule }),
    async run({ databaseUrl, runs, logger }) {
      if (job.isReady && !(await job.isReady(runs))) return
      try {
        const run = { other: job, range: null, trigger: 'schedule', reason } as const
        const { detail } = await runRecorded(runs, run, { databaseUrl, logger })
        logger.info({ job: job.name }, `${job.name}: ${detail}`)
      } catch (error) {
        // Another scheduler is at it.
        if (!(error instanceof AlreadyRunningError)) throw error
      }
    },
  }
}
