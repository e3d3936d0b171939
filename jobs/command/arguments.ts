import { BUSINESS_DAY_RULE, type BusinessDay, type DayRange, isBusinessDay } from '#domain/calendar.ts'
import { ALL_JOBS, findJob, JOBS } from '#domain/reports.ts'
import { flag, parseOptions, UsageError, valued } from '#platform/command.ts'

export const USAGE = `Usage: npm run jobs -- list [--json]
       npm run jobs -- run JOB --from DAY --to DAY [--json]
       npm run jobs -- backfill JOB --from DAY --to DAY [--json]
       npm run jobs -- history [JOB] [--limit N] [--json]

The batch path by hand; no other process is needed. Days are business days YYYY-MM-DD, both included; a week
or month that the range touches is computed whole.

  list      the jobs, one for each report
  run       computes JOB for the range, whether anything changed or not, after what it is computed from
  backfill  the same for a long stretch of the past: the ledger tells it apart
  history   the ledger, newest first: every attempt, how it ended and why it ran (--limit, default 50)

JOB is a name that list shows, or all: every report of the range, in order of dependency.
journal_import, reviews_import, expected_sales, replenishment, price_hints, batch_rules, archive, log_retention and
ledger_retention take no days: the imports load what lies ready in the drop folder, reviews_import its folder "reviews", journal_import all
others; expected_sales looks at the last eight weeks, price_hints at the last twelve, replenishment plans the stores whose
stock was computed since their last plan, batch_rules looks at what is new in the log, archive at its append days that are over, and
log_retention drops those that are old.

Exit code: 0 done, 1 something failed (the ledger keeps the error), 2 wrong usage.
`

export type JobsCommand =
  | { kind: 'list'; json: boolean }
  | { kind: 'history'; job: string | undefined; limit: number; json: boolean }
  | { kind: 'run'; trigger: 'manual' | 'backfill'; job: string; range: DayRange | null; json: boolean }

const MAX_HISTORY = 10_000

/** @throws UsageError naming what is wrong and what is allowed */
export function parseCommand(args: readonly string[]): JobsCommand {
  const { words, json, ...given } = parseOptions(
    args,
    { from: valued(parseDay), to: valued(parseDay), limit: valued(parseLimit), json: flag() },
    { takesWords: true },
  )
  const [verb, job, ...others] = words
  if (others.length > 0) throw new UsageError(`"${others[0]}" is one word too many`)
  switch (verb) {
    case 'list':
      if (job !== undefined) throw new UsageError(`list takes no job, but "${job}" was given`)
      refuse(given, ['from', 'to', 'limit'], 'list')
      return { kind: 'list', json }
    case 'history':
      if (job !== undefined) checkJob(job, NAMES)
      refuse(given, ['from', 'to'], 'history')
      return { kind: 'history', job, limit: given.limit ?? 50, json }
    case 'run':
    case 'backfill': {
      if (job === undefined)
        throw new UsageError(`${verb} which job? One of ${[ALL_JOBS, ...NAMES].join(', ')}`)
      checkJob(job, [ALL_JOBS, ...NAMES])
      refuse(given, ['limit'], verb)
      const takesRange = findJob(job)?.takesRange ?? true
      if (!takesRange) refuse(given, ['from', 'to'], `${verb} ${job}`)
      const range = takesRange ? rangeOf(given, verb) : null
      return { kind: 'run', trigger: verb === 'run' ? 'manual' : 'backfill', job, range, json }
    }
    case undefined:
      throw new UsageError('say what to do: list, run, backfill or history')
    default:
      throw new UsageError(`"${verb}" is not known: say list, run, backfill or history`)
  }
}

const NAMES = JOBS.map(({ name }) => name)

interface Given {
  from: BusinessDay | undefined
  to: BusinessDay | undefined
  limit: number | undefined
}

function checkJob(job: string, allowed: readonly string[]): void {
  if (allowed.includes(job)) return
  throw new UsageError(`there is no job "${job}": it is one of ${allowed.join(', ')}`)
}

function refuse(given: Given, names: readonly (keyof Given)[], verb: string): void {
  const name = names.find(option => given[option] !== undefined)
  if (name !== undefined) throw new UsageError(`${verb} takes no --${name}`)
}

function rangeOf({ from, to }: Given, verb: string): DayRange {
  if (from === undefined || to === undefined) {
    throw new UsageError(`${verb} needs days: --from YYYY-MM-DD --to YYYY-MM-DD (both included)`)
  }
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}`)
  return { from, to }
}

function parseDay(text: string, name: string): BusinessDay {
  if (isBusinessDay(text)) return text
  throw new UsageError(`--${name} "${text}" is not ${BUSINESS_DAY_RULE}`)
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_HISTORY) return limit
  throw new UsageError(`--limit "${text}" is not a whole number from 1 to ${MAX_HISTORY}`)
}
