import { isDatabaseAway } from '#db/database-away.ts'
import { LogUnavailableError, StaleReferenceError } from './order-log.ts'

export type LogErrorKind =
  /** Settled by doing the same again. */
  | { kind: 'transient' }
  /** The day's table does not exist yet. */
  | { kind: 'missing-day' }
  /** The events were enriched by an older reference. */
  | { kind: 'stale-reference' }
  /** No database, no room: the sender tries again later. */
  | { kind: 'unavailable'; error: LogUnavailableError }
  | { kind: 'other' }

const CHECK_VIOLATION = '23514'
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
/** Raised by log.append. */
const STALE_REFERENCE = 'TS001'

/** Raised by log.await_archive: the log is not archived as far yet. */
const ARCHIVE_BEHIND = 'TS003'

/** No room on our own disk. */
const NO_SPACE = 'ENOSPC'

/** Sorts what Postgres or the connection said by what the log can do about it. */
export function classifyLogError(error: unknown): LogErrorKind {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (code === SERIALIZATION_FAILURE || code === DEADLOCK) return { kind: 'transient' }
  if (code === STALE_REFERENCE) return { kind: 'stale-reference' }
  if (code === CHECK_VIOLATION && isOfLogTable(error)) return { kind: 'missing-day' }
  if (isDatabaseAway(error) || code === NO_SPACE || code === ARCHIVE_BEHIND) {
    return {
      kind: 'unavailable',
      error: new LogUnavailableError(`the log is not available: ${String(message)}`, { cause: error }),
    }
  }
  return { kind: 'other' }
}

/**
 * A row that no partition takes is a check violation without a constraint. By the fields, not by the message, which
 * comes in the server's language.
 */
function isOfLogTable(error: unknown): boolean {
  const { schema_name, table_name, constraint_name } = error as Record<string, unknown>
  return schema_name === 'log' && table_name === 'event_log' && constraint_name === undefined
}

/** A key that two partitions take at the same moment is settled by the second try. */
const MAX_TRIES = 5

/**
 * Does what may be settled by doing it again.
 * @param makeDay makes the day's table that a row did not find; left out: that is an error like any other
 * @throws StaleReferenceError, LogUnavailableError; whatever else `attempt` throws
 */
export async function untilSettled<Result>(
  attempt: () => Promise<Result>,
  makeDay?: () => Promise<void>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      const kind = classifyLogError(error)
      if (kind.kind === 'unavailable') throw kind.error
      if (kind.kind === 'stale-reference')
        throw new StaleReferenceError('the reference data has changed', { cause: error })
      if (kind.kind === 'other' || (kind.kind === 'missing-day' && !makeDay)) throw error
      if (tries >= MAX_TRIES)
        throw new LogUnavailableError(`the log gave up: ${String(error)}`, { cause: error })
      if (kind.kind === 'missing-day') await makeDay?.()
    }
  }
}

/** Whether an error passes by itself: when the database is back, or when the same is done again. */
export function isPassing(error: unknown): boolean {
  if (error instanceof LogUnavailableError) return true
  const { kind } = classifyLogError(error)
  return kind === 'unavailable' || kind === 'transient'
}

// SQLSTATE classes: 21 more rows than one, 22 a value, 23 a constraint, 54 a limit, such as too long a key.
const DATA_STATES = /^(21|22|23|54)/

/** Whether Postgres refused what a statement was given or met: other rows would pass, the same ones never will. */
export function isOfData(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && DATA_STATES.test(code)
}
