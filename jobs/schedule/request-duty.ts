import type { OtherJob } from '#jobs/other-job.ts'
import type { Duty } from '#jobs/schedule/run-schedule.ts'
import { serveRequests } from './serve-requests.ts'
import { isRequestWaiting } from './take-request.ts'

/** What people ask for on the pages, done within about two seconds when nothing else is under way. */
export function requestDuty(otherJobs: readonly OtherJob[]): Duty {
  return {
    name: 'the requests of the pages',
    isWaiting: isRequestWaiting,
    run: ({ databaseUrl, runs, logger, signal }) =>
      serveRequests(runs, {
        databaseUrl,
        otherJobs,
        logger,
        report: line => logger.debug(line),
        signal,
      }),
  }
}
