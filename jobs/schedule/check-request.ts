import type { DayRange } from '#jobs/command/arguments.ts'
import type { TakenRequest } from './take-request.ts'

/**
 * What a request asks for.
 * @returns the days of the job, null for one that takes none; or, in words, why it cannot be done
 */
export function checkRequest(
  { job, fromDay, toDay }: Pick<TakenRequest, 'job' | 'fromDay' | 'toDay'>,
  { jobs, withoutRange }: { jobs: readonly string[]; withoutRange: readonly string[] },
): { range: DayRange | null } | { fault: string } {
  if (job !== 'all' && !jobs.includes(job)) {
    return { fault: `There is no job "${job}": it is one of all, ${jobs.join(', ')}.` }
  }
  const range = fromDay === null || toDay === null ? null : { from: fromDay, to: toDay }
  if (withoutRange.includes(job)) {
    return range === null ? { range: null } : { fault: `${job} takes no days: ask for it without.` }
  }
  return range === null ? { fault: `${job} needs days: say from which to which.` } : { range }
}
