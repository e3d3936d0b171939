import type { Rejection } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { messageOf } from '#platform/command.ts'
import type { Admission, Admitted } from '#server/intake/admit.ts'
import { type Outcome, refused } from '#server/intake/outcome.ts'
import type { ReferenceData } from '#server/intake/stores/reference.ts'
import { classifyLogError } from '#server/log/log-errors.ts'
import {
  type AppendOutcome,
  type AppendResult,
  LogUnavailableError,
  type OrderLog,
  StaleReferenceError,
} from '#server/log/order-log.ts'
import { createCommitQueue, type Weight } from './commit-queue.ts'

export interface Appender {
  /**
   * Appends what was admitted and says of every admission, in their order, what became of it. Resolves after every
   * partition's commit. A transfer's two legs count as one and are stored in one commit, wherever their stores lie.
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

export type AppendingLog = Pick<OrderLog, 'append' | 'appendTogether'>

export interface AppenderOptions {
  log: AppendingLog
  partitionCount: number
  maxBatch: Weight
  /** Most weight that may wait. One queue may hold half of it, so that a stuck one leaves room for the others. */
  maxPending: Weight
  onAppended: OnAppended
  /** The reference data as it is now: the log has refused what an older state of it has enriched. */
  newestReference(): Promise<ReferenceData>
}

/** What was admitted as one and is stored as one, with the place of its admission. */
interface Entry {
  place: number
  admission: Admitted
}

/** What one request has for one queue. */
interface Group {
  entries: Entry[]
  /** Of its entries. */
  events: number
  bytes: number
}

/** Where entries wait: for a partition, or for a commit to several, as a transfer between two of them needs. */
type Lane = number | 'together'

/** The way into the log: one queue per partition and one for what goes to several, each with one commit in flight. */
export function createAppender(options: AppenderOptions): Appender {
  const { partitionCount, maxBatch, maxPending } = options
  const maxOfLane = { events: maxPending.events / 2, bytes: maxPending.bytes / 2 }
  const lanes: Lane[] = [...Array.from({ length: partitionCount }, (_, partition) => partition), 'together']
  const queues = new Map(
    lanes.map(lane => [
      lane,
      createCommitQueue<Group, Outcome[]>({
        commit: groups => appendGroups(groups, lane, options),
        weigh: weightOf,
        maxBatch,
      }),
    ]),
  )

  function queueOf(lane: Lane) {
    const queue = queues.get(lane)
    if (!queue) throw new RangeError(`partition ${lane} is not one of the log's ${partitionCount}`)
    return queue
  }

  function refuseOverload(groups: ReadonlyMap<Lane, Group>): void {
    const waiting = sumOf([...queues.values()].map(queue => queue.pending))
    if (exceeds(waiting, sumOf([...groups.values()].map(weightOf)), maxPending))
      throw new OverloadedError('the intake is full')
    for (const [lane, group] of groups) {
      if (!exceeds(queueOf(lane).pending, weightOf(group), maxOfLane)) continue
      const what = lane === 'together' ? 'appending to several partitions' : `partition ${lane}`
      throw new OverloadedError(`${what} of the log does not keep up`)
    }
  }

  return {
    get pending() {
      return sumOf([...queues.values()].map(queue => queue.pending))
    },
    async append(admissions, bytes) {
      const groups = groupByLane(admissions, bytes)
      refuseOverload(groups)
      const outcomes = admissions.map((admission): Outcome | undefined =>
        admission.kind === 'admitted' ? undefined : admission,
      )
      // All settled, not the first failure: an answer while a part is still under way could not say 503 truthfully.
      const results = await Promise.allSettled(
        [...groups].map(async ([lane, group]) => {
          const written = await queueOf(lane).submit(group)
          group.entries.forEach(({ place }, index) => {
            outcomes[place] = written[index]
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

function groupByLane(admissions: readonly Admission[], bytes: number): Map<Lane, Group> {
  const groups = new Map<Lane, Group>()
  const bytesOfOne = Math.ceil(bytes / Math.max(1, admissions.length))
  admissions.forEach((admission, place) => {
    if (admission.kind !== 'admitted') return
    const { events } = admission
    const lane = laneOf(events)
    let group = groups.get(lane)
    if (!group) {
      group = { entries: [], events: 0, bytes: 0 }
      groups.set(lane, group)
    }
    group.entries.push({ place, admission })
    group.events += events.length
    group.bytes += bytesOfOne
  })
  return groups
}

function laneOf(events: readonly LogEvent[]): Lane {
  const partition = events[0]?.partition ?? 0
  return events.every(event => event.partition === partition) ? partition : 'together'
}

function weightOf({ events, bytes }: Group): Weight {
  return { events, bytes }
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
 * Appends groups in one commit. Should the log refuse the data itself, the entries are tried in halves down to the one
 * at fault: nobody's neighbour fails with it. An entry is never parted, so that a transfer is in the log whole or not.
 * @returns per group, per entry
 * @throws LogUnavailableError when nothing is known to be stored
 */
async function appendGroups(
  groups: readonly Group[],
  lane: Lane,
  { log, onAppended, newestReference }: Pick<AppenderOptions, 'log' | 'onAppended' | 'newestReference'>,
): Promise<Outcome[][]> {
  const outcomes = await write(groups.flatMap(group => group.entries.map(({ admission }) => admission)))
  let from = 0
  return groups.map(({ entries }) => {
    const own = outcomes.slice(from, from + entries.length)
    from += entries.length
    return own
  })

  async function write(entries: readonly Admitted[], tries = 1): Promise<Outcome[]> {
    if (entries.length === 0) return []
    try {
      return await (lane === 'together' ? writeTogether(entries) : writeTo(lane, entries))
    } catch (error) {
      if (error instanceof StaleReferenceError && tries < MAX_TRIES) return writeAgain(entries, tries)
      if (!isDataError(error)) throw toUnavailable(error)
      if (entries.length === 1)
        return [refused({ reason: 'invalid_field', detail: `the log refused it: ${messageOf(error)}` })]
      const middle = Math.ceil(entries.length / 2)
      // One half after the other: their order is the sender's.
      return [...(await write(entries.slice(0, middle))), ...(await write(entries.slice(middle)))]
    }
  }

  /** A store or a code has changed since they were admitted: they are enriched again, and senders notice nothing. */
  async function writeAgain(entries: readonly Admitted[], tries: number): Promise<Outcome[]> {
    const reference = await newestReference().catch(cause => {
      throw new LogUnavailableError('stores and products could not be read again', { cause })
    })
    const admissions = entries.map(entry => entry.readmit(reference))
    const written = await write(
      admissions.filter(admission => admission.kind === 'admitted'),
      tries + 1,
    )
    let next = 0
    return admissions.map(admission => {
      if (admission.kind !== 'admitted') return admission
      const outcome = written[next++]
      if (!outcome) throw new Error('the log answered for fewer events than it was given')
      return outcome
    })
  }

  async function writeTo(partition: number, entries: readonly Admitted[]): Promise<Outcome[]> {
    const events = entries.flatMap(entry => entry.events)
    const result = await log.append(partition, events, oldestRevision(entries))
    announce(partition, events, result)
    let next = 0
    return entries.map(entry => joined(entry.events.map(event => outcomeOf(event, result.outcomes[next++]))))
  }

  async function writeTogether(entries: readonly Admitted[]): Promise<Outcome[]> {
    const byPartition = Map.groupBy(
      entries.flatMap(entry => entry.events),
      event => event.partition,
    )
    const parts = [...byPartition].map(([partition, events]) => ({ partition, events }))
    const results = await log.appendTogether(parts, oldestRevision(entries))
    const written = new Map<LogEvent, AppendOutcome>()
    for (const [index, { partition, events }] of parts.entries()) {
      const result = results[index] ?? { appendedAt: 0, outcomes: [] }
      announce(partition, events, result)
      for (const [place, event] of events.entries()) {
        const outcome = result.outcomes[place]
        if (outcome) written.set(event, outcome)
      }
    }
    return entries.map(({ events }) => joined(events.map(event => outcomeOf(event, written.get(event)))))
  }

  function announce(
    partition: number,
    events: readonly LogEvent[],
    { appendedAt, outcomes }: AppendResult,
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

/** Requests that wait together may have been admitted before and after a change. */
function oldestRevision(entries: readonly Admitted[]): number {
  return entries.reduce((oldest, { revision }) => Math.min(oldest, revision), Number.POSITIVE_INFINITY)
}

/** Changes of the reference data that one batch lives through before its senders are told to come again. */
const MAX_TRIES = 5

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

/**
 * Of the legs of a transfer. They are stored together, so that one speaks for both; only an older version may have
 * left one without the other, and then what is new has been added.
 */
function joined(legs: readonly Outcome[]): Outcome {
  return legs.reduce((left, right) => {
    if (left.kind === 'appended' && right.kind === 'appended')
      return { kind: 'appended', entries: [...left.entries, ...right.entries] }
    return WEIGHT_OF_OUTCOME[left.kind] >= WEIGHT_OF_OUTCOME[right.kind] ? left : right
  })
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
