import { parseArgs } from 'node:util'
import { type BusinessDay, isBusinessDay } from '#domain/business-day.ts'

/** A command line that cannot be understood. The message says what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export type Command =
  | { kind: 'help' }
  | { kind: 'list'; json: boolean }
  | { kind: 'history'; job: string | undefined; limit: number; json: boolean }
  | { kind: 'run'; trigger: 'manual' | 'backfill'; job: string; range: DayRange | null; json: boolean }

/** Business days, both ends included. */
export interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

const MAX_HISTORY = 10_000

/**
 * @param jobs names of all jobs, beside 'all'
 * @param withoutRange those of them that take no days
 * @throws UsageError naming what is wrong and what is allowed
 */
export function parseCommand(
  args: readonly string[],
  { jobs, withoutRange }: { jobs: readonly string[]; withoutRange: readonly string[] },
): Command {
  const { values, positionals } = parse(args)
  if (values.help) return { kind: 'help' }
  const [verb, job, ...others] = positionals
  if (others.length > 0) throw new UsageError(`"${others[0]}" is one word too many`)
  const given = { from: values.from, to: values.to, limit: values.limit }
  switch (verb) {
    case 'list':
      if (job !== undefined) throw new UsageError(`list takes no job, but "${job}" was given`)
      refuse(given, ['from', 'to', 'limit'], 'list')
      return { kind: 'list', json: values.json }
    case 'history':
      if (job !== undefined) checkJob(job, jobs)
      refuse(given, ['from', 'to'], 'history')
      return { kind: 'history', job, limit: parseLimit(values.limit), json: values.json }
    case 'run':
    case 'backfill': {
      if (job === undefined) throw new UsageError(`${verb} which job? One of all, ${jobs.join(', ')}`)
      checkJob(job, ['all', ...jobs])
      refuse(given, ['limit'], verb)
      const range = withoutRange.includes(job) ? null : parseRange(values, verb)
      if (range === null) refuse(given, ['from', 'to'], `${verb} ${job}`)
      return { kind: 'run', trigger: verb === 'run' ? 'manual' : 'backfill', job, range, json: values.json }
    }
    case undefined:
      throw new UsageError('say what to do: list, run, backfill or history')
    default:
      throw new UsageError(`"${verb}" is not known: say list, run, backfill or history`)
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(firstSentence(error))
  }
}

/** Node goes on to explain how to pass a word that looks like an option; nobody here needs one. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split(/\.\s|\n/)[0] ?? message
}

function checkJob(job: string, allowed: readonly string[]): void {
  if (allowed.includes(job)) return
  throw new UsageError(`there is no job "${job}": it is one of ${allowed.join(', ')}`)
}

function refuse(given: Record<string, string | undefined>, names: readonly string[], verb: string): void {
  const name = names.find(option => given[option] !== undefined)
  if (name !== undefined) throw new UsageError(`${verb} takes no --${name}`)
}

function parseRange(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  verb: string,
): DayRange {
  if (from === undefined || to === undefined) {
    throw new UsageError(`${verb} needs days: --from YYYY-MM-DD --to YYYY-MM-DD (both included)`)
  }
  for (const [name, day] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (!isBusinessDay(day)) throw new UsageError(`--${name} "${day}" is not a date YYYY-MM-DD that exists`)
  }
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}`)
  return { from, to }
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return 50
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_HISTORY) {
    throw new UsageError(`--limit "${text}" is not a whole number from 1 to ${MAX_HISTORY}`)
  }
  return limit
}
