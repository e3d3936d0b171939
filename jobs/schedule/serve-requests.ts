import type { Sql } from '#db/client.ts'
import { JOB_NAMES, type JobContext, runJob } from '#jobs/command/run-job.ts'
import { classifyLogError } from '#server/log/log-errors.ts'
import { checkRequest } from './check-request.ts'
import { endRequest, type TakenRequest, takeRequest } from './take-request.ts'

/** After so many processes that ended in the middle of it, a request is given up: it may be what ends them. */
export const MAX_ATTEMPTS = 3

/**
 * Does what people have asked for on the pages, oldest first, until nothing waits. However a request ends, it is
 * written back and told to the pages.
 * @param runs a client of one connection (`connectForRuns`): it holds the requests, and runs are claimed on it
 * @throws when the database is away: the request is then taken again, here or elsewhere
 */
export async function serveRequests(runs: Sql, context: JobContext): Promise<void> {
  for (;;) {
    context.signal.throwIfAborted()
    const taken = await takeRequest(runs)
    if (!taken) return
    const end = await serve(runs, taken, context)
    await endRequest(runs, taken, end)
    const { request, job } = taken
    context.logger[end.state === 'failed' ? 'warn' : 'info'](
      { request, job, ...end },
      `request ${request}, ${job}: ${end.state}, ${end.detail}`,
    )
  }
}

async function serve(
  runs: Sql,
  taken: TakenRequest,
  context: JobContext,
): Promise<{ state: 'succeeded' | 'failed'; detail: string }> {
  const { job, attempts } = taken
  if (attempts > MAX_ATTEMPTS) {
    return { state: 'failed', detail: `Given up: ${MAX_ATTEMPTS} processes have ended in the middle of it.` }
  }
  const checked = checkRequest(taken, JOB_NAMES)
  if ('fault' in checked) return { state: 'failed', detail: checked.fault }
  try {
    const { isComplete, detail } = await runJob(
      runs,
      { job, range: checked.range, trigger: 'request' },
      context,
    )
    return { state: isComplete ? 'succeeded' : 'failed', detail }
  } catch (error) {
    // A process that stops leaves its request to the next.
    context.signal.throwIfAborted()
    // So does one whose database is away: this is no answer to who asked.
    if (classifyLogError(error).kind === 'unavailable') throw error
    return { state: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}
