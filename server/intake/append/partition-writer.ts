import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { type AppendOutcome, LogUnavailableError, type OrderLog } from '#server/log/order-log.ts'

/** What became of one event; `refused` when the log itself cannot hold it. */
export type WriteOutcome = AppendOutcome | { kind: 'refused'; detail: string }

/** Told after every append, so that time can be watched and readers woken. */
export type OnAppended = (append: {
  partition: number
  /** Offsets of the appended events; null when all were known. */
  first: number | null
  last: number | null
  appendedAt: Instant
  maxEventTime: Instant
}) => void

/**
 * Appends groups of events (one per request) to one partition in one commit. Should the log refuse the data
 * itself, the groups are tried in halves down to the event at fault: nobody's neighbour fails with it.
 *
 * @returns per group, per event
 * @throws LogUnavailableError when nothing is known to be stored
 */
export async function writeGroups(
  { log, partition, onAppended }: { log: OrderLog; partition: number; onAppended: OnAppended },
  groups: readonly (readonly LogEvent[])[],
): Promise<WriteOutcome[][]> {
  const outcomes = await write(groups.flat())
  let from = 0
  return groups.map(group => {
    const own = outcomes.slice(from, from + group.length)
    from += group.length
    return own
  })

  async function write(events: readonly LogEvent[]): Promise<WriteOutcome[]> {
    try {
      const result = await log.append(partition, events)
      announce(events, result)
      return result.outcomes
    } catch (error) {
      if (!isDataError(error)) throw toUnavailable(error)
      if (events.length === 1) return [{ kind: 'refused', detail: `the log refused it: ${messageOf(error)}` }]
      const middle = Math.ceil(events.length / 2)
      // One half after the other: their order is the sender's.
      return [...(await write(events.slice(0, middle))), ...(await write(events.slice(middle)))]
    }
  }

  function announce(
    events: readonly LogEvent[],
    { appendedAt, outcomes }: { appendedAt: Instant; outcomes: readonly AppendOutcome[] },
  ): void {
    let first: number | null = null
    let last: number | null = null
    let maxEventTime = Number.NEGATIVE_INFINITY
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'appended') continue
      first ??= outcome.offset
      last = outcome.offset
      maxEventTime = Math.max(maxEventTime, events[index]?.eventTime ?? maxEventTime)
    }
    onAppended({ partition, first, last, appendedAt, maxEventTime })
  }
}

// SQLSTATE classes 22 (data), 23 (constraint) and 54 (a limit of the program): the event is at fault.
const DATA_STATES = /^(22|23|54)/

function isDataError(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code.length === 5 && DATA_STATES.test(code)
}

/** Whatever else went wrong, nothing may be acknowledged: the sender repeats, and we are told in the log. */
function toUnavailable(error: unknown): LogUnavailableError {
  if (error instanceof LogUnavailableError) return error
  return new LogUnavailableError(`the log could not append: ${messageOf(error)}`, { cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
