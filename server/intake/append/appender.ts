import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { messageOf } from '#platform/command.ts'
import type { Admission } from '#server/intake/admit.ts'
import { type Outcome, refused } from '#server/intake/outcome.ts'
import { classifyLogError } from '#server/log/log-errors.ts'
import { type AppendOutcome, LogUnavailableError, type OrderLog } from '#server/log/order-log.ts'
import { createCommitQueue, type Weight } from './commit-queue.ts'

export interface Appender {
  /**
   * Appends what was admitted and says of every admission, in their order, what became of it. Resolves after every
   * partition's commit. A transfer's two legs count as one.
   * @param bytes memory that the events hold, for the bound
   * @throws OverloadedError at once, with nothing queued; LogUnavailableError when any commit failed: some of
   *   the events may be stored, and are recognised when they are sent again
   */
  append(admissions: readonly Admission[], bytes: number): Promise<Outcome[]>
  readonly pending: Readonly<Weight>
}

/** There is more waiting than memory is set aside for; nothing of this request was queued. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
}

/** Told after every append, so that time can be watched and readers woken. */
export type OnAppended = (append: {
  partition: number
  /** Offsets of the appended events; null when all were known. */
  first: number | null
  last: number | null
  appendedAt: Instant
  maxEventTime: Instant
}) => void

export interface AppenderOptions {
  log: Pick<OrderLog, 'append'>
  partitionCount: number
  maxBatch: Weight
  /** Most weight that may wait. One partition may hold half of it, so that a stuck one leaves room for the others. */
  maxPending: Weight
  onAppended: OnAppended
}

/** The events of one request for one partition. */
interface Group {
  events: LogEvent[]
  /** For each event, the place of its admission. */
  places: number[]
  bytes: number
}

/** The way into the log: one queue per partition, each with one commit in flight. */
export function createAppender(options: AppenderOptions): Appender {
  const { partitionCount, maxBatch, maxPending } = options
  const maxOfPartition = { events: maxPending.events / 2, bytes: maxPending.bytes / 2 }
  const queues = Array.from({ length: partitionCount }, (_, partition) =>
    createCommitQueue<Group, Outcome[]>({
      commit: groups => appendGroups(groups, partition, options),
      weigh: weightOf,
      maxBatch,
    }),
  )

  function queueOf(partition: number) {
    const queue = queues[partition]
    if (!queue) throw new RangeError(`partition ${partition} is not one of the log's ${queues.length}`)
    return queue
  }

  function refuseOverload(groups: ReadonlyMap<number, Group>): void {
    const waiting = sumOf(queues.map(queue => queue.pending))
    if (exceeds(waiting, sumOf([...groups.values()].map(weightOf)), maxPending))
      throw new OverloadedError('the intake is full')
    for (const [partition, group] of groups) {
      if (exceeds(queueOf(partition).pending, weightOf(group), maxOfPartition))
        throw new OverloadedError(`partition ${partition} of the log does not keep up`)
    }
  }

  return {
    get pending() {
      return sumOf(queues.map(queue => queue.pending))
    },
    async append(admissions, bytes) {
      const groups = groupByPartition(admissions, bytes)
      refuseOverload(groups)
      const outcomes = admissions.map((admission): Outcome | undefined =>
        admission.kind === 'admitted' ? undefined : admission,
      )
      // All settled, not the first failure: an answer while a part is still under way could not say 503 truthfully.
      const results = await Promise.allSettled(
        [...groups].map(async ([partition, group]) => {
          const written = await queueOf(partition).submit(group)
          group.places.forEach((place, index) => {
            outcomes[place] = join(outcomes[place], written[index])
          })
        }),
      )
      const failed = results.find(result => result.status === 'rejected')
      if (failed) throw failed.reason
      return outcomes.map((outcome, index) => {
        if (!outcome) throw new Error(`event ${index} was given to no partition`)
        return outcome
      })
    },
  }
}

function groupByPartition(admissions: readonly Admission[], bytes: number): Map<number, Group> {
  const groups = new Map<number, Group>()
  const bytesOfOne = Math.ceil(bytes / Math.max(1, admissions.length))
  admissions.forEach((admission, place) => {
    if (admission.kind !== 'admitted') return
    for (const leg of admission.events) {
      let group = groups.get(leg.partition)
      if (!group) {
        group = { events: [], places: [], bytes: 0 }
        groups.set(leg.partition, group)
      }
      group.events.push(leg)
      group.places.push(place)
      group.bytes += bytesOfOne
    }
  })
  return groups
}

function weightOf({ events, bytes }: Group): Weight {
  return { events: events.length, bytes }
}

function sumOf(weights: readonly Weight[]): Weight {
  return {
    events: weights.reduce((sum, { events }) => sum + events, 0),
    bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** An empty queue takes anything: a request is bounded by itself. */
function exceeds(waiting: Weight, added: Weight, most: Weight): boolean {
  if (waiting.events === 0) return false
  return waiting.events + added.events > most.events || waiting.bytes + added.bytes > most.bytes
}

/**
 * Appends groups of events to one partition in one commit. Should the log refuse the data itself, the groups are
 * tried in halves down to the event at fault: nobody's neighbour fails with it.
 * @returns per group, per event
 * @throws LogUnavailableError when nothing is known to be stored
 */
async function appendGroups(
  groups: readonly Group[],
  partition: number,
  { log, onAppended }: Pick<AppenderOptions, 'log' | 'onAppended'>,
): Promise<Outcome[][]> {
  const outcomes = await write(groups.flatMap(group => group.events))
  let from = 0
  return groups.map(({ events }) => {
    const own = outcomes.slice(from, from + events.length)
    from += events.length
    return own
  })

  async function write(events: readonly LogEvent[]): Promise<Outcome[]> {
    try {
      const { appendedAt, outcomes: written } = await log.append(partition, events)
      announce(events, written, appendedAt)
      return events.map((event, index) => outcomeOf(event, written[index]))
    } catch (error) {
      if (!isDataError(error)) throw toUnavailable(error)
      if (events.length === 1)
        return [refused({ reason: 'invalid_field', detail: `the log refused it: ${messageOf(error)}` })]
      const middle = Math.ceil(events.length / 2)
      // One half after the other: their order is the sender's.
      return [...(await write(events.slice(0, middle))), ...(await write(events.slice(middle)))]
    }
  }

  function announce(
    events: readonly LogEvent[],
    written: readonly AppendOutcome[],
    appendedAt: Instant,
  ): void {
    let first: number | null = null
    let last: number | null = null
    let maxEventTime = Number.NEGATIVE_INFINITY
    for (const [index, outcome] of written.entries()) {
      if (outcome.kind !== 'appended') continue
      first ??= outcome.offset
      last = outcome.offset
      maxEventTime = Math.max(maxEventTime, events[index]?.eventTime ?? maxEventTime)
    }
    onAppended({ partition, first, last, appendedAt, maxEventTime })
  }
}

function outcomeOf({ partition, source }: LogEvent, written: AppendOutcome | undefined): Outcome {
  switch (written?.kind) {
    case 'appended':
      return { kind: 'appended', entries: [{ partition, offset: written.offset }] }
    case 'duplicate':
      return written
    case 'conflict':
      return { kind: 'conflict', rejection: conflictOf(source) }
    case undefined:
      throw new Error('the log answered for fewer events than it was given')
  }
}

export function conflictOf(source: string): Rejection {
  return {
    reason: 'conflicting_duplicate',
    detail: `source ${JSON.stringify(source)} has sent this id before with another content: the first stands. Send a correction under an id of its own`,
  }
}

const WEIGHT_OF_OUTCOME = { duplicate: 0, appended: 1, conflict: 2, refused: 3 } as const

/** A transfer whose one leg is new was not stored whole before: appended. One whose leg is refused: refused. */
function join(left: Outcome | undefined, right: Outcome | undefined): Outcome | undefined {
  if (!left || !right) return left ?? right
  if (left.kind === 'appended' && right.kind === 'appended')
    return { kind: 'appended', entries: [...left.entries, ...right.entries] }
  return WEIGHT_OF_OUTCOME[left.kind] >= WEIGHT_OF_OUTCOME[right.kind] ? left : right
}

// SQLSTATE classes 22 (data), 23 (constraint) and 54 (a limit of the program): the event is at fault.
const DATA_STATES = /^(22|23|54)/

/** A day of the log that has no table is 23514 too: that is the log's fault, and nobody's event is refused for it. */
function isDataError(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  const isData = typeof code === 'string' && code.length === 5 && DATA_STATES.test(code)
  return isData && classifyLogError(error).kind === 'other'
}

/** Whatever else went wrong, nothing may be acknowledged: the sender repeats, and we are told in the log. */
function toUnavailable(error: unknown): LogUnavailableError {
  if (error instanceof LogUnavailableError) return error
  return new LogUnavailableError(`the log could not append: ${messageOf(error)}`, { cause: error })
}
