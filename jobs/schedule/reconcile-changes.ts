import { runRecorded } from '#jobs/command/run-job.ts'
import { AlreadyRunningError } from '#jobs/ledger/recorded-run.ts'
import type { OtherJob } from '#jobs/other-job.ts'
import type { FollowUp } from './batch-tick.ts'
import { stretchesOf } from './day-stretches.ts'

/** Both paths are held against each other wherever a tick has changed figures. */
export function reconcileChanges(reconciliation: OtherJob): FollowUp {
  return async ({ databaseUrl, runs, changedDays, logger }) => {
    for (const range of stretchesOf(changedDays)) {
      const reason = `figures of ${range.from} to ${range.to} changed`
      try {
        const run = { other: reconciliation, range, trigger: 'schedule', reason } as const
        await runRecorded(runs, run, { databaseUrl, logger })
      } catch (err) {
        // Another scheduler is at the same days.
        if (!(err instanceof AlreadyRunningError))
          logger.error({ err, ...range }, `reconciliation failed: ${String(err)}`)
      }
    }
  }
}
