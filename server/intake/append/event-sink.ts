import type { LogEvent } from '#domain/log-event.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { type CommitQueue, createCommitQueue, type Weight } from './commit-queue.ts'
import { type OnAppended, type WriteOutcome, writeGroups } from './partition-writer.ts'

/** What became of one sent event. A transfer's two legs count as one. */
export type StoreOutcome =
  | { kind: 'accepted' }
  | { kind: 'duplicate' }
  /** Its id is known with another body. */
  | { kind: 'conflict' }
  | { kind: 'refused'; detail: string }

export interface EventSink {
  /**
   * Appends the events (each with its legs) and resolves after every partition's commit.
   * @param bytes memory that the events hold, for the bound
   * @throws OverloadedError at once, with nothing queued; LogUnavailableError when any commit failed: some of
   *   the events may be stored, and are recognised when they are sent again
   */
  store(events: readonly (readonly LogEvent[])[], bytes: number): Promise<StoreOutcome[]>
  readonly pending: Readonly<Weight>
}

/** There is more waiting than memory is set aside for; nothing of this request was queued. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
}

export interface EventSinkOptions {
  log: OrderLog
  partitionCount: number
  maxBatch: Weight
  /** Most weight that may wait. One partition may hold half of it, so that a stuck one leaves room for the others. */
  maxPending: Weight
  onAppended: OnAppended
}

interface Group {
  events: LogEvent[]
  /** For each event, the place of the sent event it belongs to. */
  sentIndexes: number[]
  bytes: number
}

/** The way into the log: one queue per partition, each with one commit in flight. */
export function createEventSink(options: EventSinkOptions): EventSink {
  const { log, partitionCount, maxBatch, maxPending, onAppended } = options
  const maxOfPartition = { events: maxPending.events / 2, bytes: maxPending.bytes / 2 }
  const queues = Array.from({ length: partitionCount }, (_, partition) =>
    createCommitQueue<Group, WriteOutcome[]>({
      commit: groups =>
        writeGroups(
          { log, partition, onAppended },
          groups.map(group => group.events),
        ),
      weigh: group => ({ events: group.events.length, bytes: group.bytes }),
      maxBatch,
    }),
  )

  function pending(): Weight {
    const total = { events: 0, bytes: 0 }
    for (const queue of queues) {
      total.events += queue.pending.events
      total.bytes += queue.pending.bytes
    }
    return total
  }

  function refuseOverload(groups: ReadonlyMap<number, Group>): void {
    if (exceeds(pending(), sumOf(groups.values()), maxPending))
      throw new OverloadedError('the intake is full')
    for (const [partition, group] of groups) {
      const queue = queueOf(queues, partition)
      const weight = { events: group.events.length, bytes: group.bytes }
      if (exceeds(queue.pending, weight, maxOfPartition)) {
        throw new OverloadedError(`partition ${partition} of the log does not keep up`)
      }
    }
  }

  return {
    get pending() {
      return pending()
    },
    async store(events, bytes) {
      const groups = groupByPartition(events, bytes)
      refuseOverload(groups)
      const outcomes = new Array<StoreOutcome | undefined>(events.length)
      // All settled, not the first failure: an answer while a part is still under way could not say 503 truthfully.
      const results = await Promise.allSettled(
        [...groups].map(async ([partition, group]) => {
          const written = await queueOf(queues, partition).submit(group)
          group.sentIndexes.forEach((sentIndex, index) => {
            outcomes[sentIndex] = combine(outcomes[sentIndex], toStoreOutcome(written[index]))
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

function groupByPartition(events: readonly (readonly LogEvent[])[], bytes: number): Map<number, Group> {
  const groups = new Map<number, Group>()
  const bytesOfOne = Math.ceil(bytes / Math.max(1, events.length))
  events.forEach((legs, sentIndex) => {
    for (const leg of legs) {
      let group = groups.get(leg.partition)
      if (!group) {
        group = { events: [], sentIndexes: [], bytes: 0 }
        groups.set(leg.partition, group)
      }
      group.events.push(leg)
      group.sentIndexes.push(sentIndex)
      group.bytes += bytesOfOne
    }
  })
  return groups
}

function queueOf<Item, Outcome>(
  queues: readonly CommitQueue<Item, Outcome>[],
  partition: number,
): CommitQueue<Item, Outcome> {
  const queue = queues[partition]
  if (!queue) throw new RangeError(`partition ${partition} is not one of the log's ${queues.length}`)
  return queue
}

function sumOf(groups: Iterable<Group>): Weight {
  const sum = { events: 0, bytes: 0 }
  for (const group of groups) {
    sum.events += group.events.length
    sum.bytes += group.bytes
  }
  return sum
}

/** An empty queue takes anything: a request is bounded by itself. */
function exceeds(waiting: Weight, added: Weight, most: Weight): boolean {
  if (waiting.events === 0) return false
  return waiting.events + added.events > most.events || waiting.bytes + added.bytes > most.bytes
}

function toStoreOutcome(outcome: WriteOutcome | undefined): StoreOutcome {
  if (!outcome) throw new Error('the log answered for fewer events than it was given')
  return outcome.kind === 'appended' ? { kind: 'accepted' } : outcome
}

const WEIGHT_OF_OUTCOME = { duplicate: 0, accepted: 1, conflict: 2, refused: 3 } as const

/** A transfer whose one leg is new was not stored whole before: accepted. One whose leg is refused: refused. */
function combine(left: StoreOutcome | undefined, right: StoreOutcome): StoreOutcome {
  if (!left) return right
  return WEIGHT_OF_OUTCOME[left.kind] >= WEIGHT_OF_OUTCOME[right.kind] ? left : right
}
