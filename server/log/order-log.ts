import type { Instant } from '#domain/instant.ts'
import type { LogEvent, Position } from '#domain/log-event.ts'
import type { LogTick, OperatorEvent } from '#domain/operators/event.ts'

// The order log. Invariant: an entry's offset follows the one before it in its partition without a hole, commit order
// is offset order, and an entry is never changed. So who has read offset n has read everything before it, and a reader
// keeps its place as one number. An event is there once, by (source, id), however often it is sent.
//
//   append(partition, events)                        log.append: one round trip, one commit
//        │ lock of the partition ─ last place ─ known keys ─ new keys ─ rows
//        ▼
//   log.event_keys   (source, id) → offset, hash of the body
//   log.event_log    partition 0   1 2 3 4 5 6 ──▶     a table a day, by append time
//                    partition 1   1 2 3 ──▶
//                                      ▲
//   read(after, limit)                 └ a consumer's checkpoint; log.owners says whose writes count (fence.ts)

/**
 * The order log as its users see it. It maps one to one to Kafka (partition, offset, append time, seek):
 * the Postgres log in this folder is the embedded default, and any other must pass the same conformance
 * suite (`testing/conformance.ts`).
 */
export interface OrderLog {
  /** What this log promises beyond order: the Postgres log's offsets are dense, Kafka's have gaps. */
  readonly offsets: 'dense' | 'gaps'
  /** Number of partitions, fixed when the log is created. */
  partitionCount(): Promise<number>
  /**
   * Appends events of one partition in their order, recognising (source, id). Durable when it resolves.
   * @param revision of the reference data that enriched them; undefined: whichever it was
   * @throws StaleReferenceError when the reference data has changed since; nothing is stored
   * @throws LogUnavailableError when nothing is known to be stored: send the same batch again.
   */
  append(partition: number, events: readonly LogEvent[], revision?: number): Promise<AppendResult>
  /**
   * Appends events of several partitions in one commit: all of them stand, or none (in Kafka a transaction). For what
   * is whole or not at all, as the two legs of a transfer are.
   * @param groups one for each partition
   * @param revision as of `append`
   * @returns one result per group, in their order
   * @throws StaleReferenceError when the reference data has changed since; nothing is stored
   * @throws LogUnavailableError when nothing is known to be stored: send the same groups again.
   */
  appendTogether(groups: readonly PartitionEvents[], revision?: number): Promise<AppendResult[]>
  /** Lets time move: appends a tick unless the partition had an append within `quietMs`. @returns its offset or null. */
  appendTick(partition: number, quietMs: number): Promise<number | null>
  /** Events after a position, in offset order. */
  read(request: ReadRequest): Promise<LogRecord[]>
  /** The last position of every partition, indexed by partition. */
  end(): Promise<Position[]>
  /** The position just before an offset, so that reading from it yields the offset first (or what follows it). */
  seekToOffset(partition: number, offset: number): Promise<Position>
  /** The position just before the first entry appended at or after an instant. */
  seekToAppendTime(partition: number, appendedAt: Instant): Promise<Position>
}

/** Events for one partition, in their order. */
export interface PartitionEvents {
  partition: number
  events: readonly LogEvent[]
}

export interface AppendResult {
  appendedAt: Instant
  /** Per event, in the order given. */
  outcomes: AppendOutcome[]
}

export type AppendOutcome =
  | { kind: 'appended'; offset: number }
  /** Known key, same body: nothing written. */
  | { kind: 'duplicate' }
  /** Known key, another body: nothing written, the first stands. */
  | { kind: 'conflict' }

export interface ReadRequest {
  partition: number
  after: Position
  /** Most records to answer. */
  limit: number
  /** Reads nothing above this offset. */
  through?: number
}

/** An entry of the log: an event with its place, or a tick. */
export type LogRecord = EventRecord | TickRecord

/** An event as a consumer reads it. */
export type EventRecord = OperatorEvent

export interface TickRecord extends LogTick {
  partition: number
}

/** The reference data has changed since the events were enriched: nothing is stored; enrich them again. */
export class StaleReferenceError extends Error {
  override readonly name = 'StaleReferenceError'
}

/** The log cannot be reached or has no room; nothing is acknowledged, so the caller sends again. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError'
}

/** A reader met a hole or a step back in offsets that must be dense: it halts rather than skip. */
export class LogOrderError extends Error {
  override readonly name = 'LogOrderError'
}

/**
 * Asserts that records follow `after` without a hole, as the Postgres log promises.
 * @throws LogOrderError naming the partition and the offsets.
 */
export function assertDense(records: readonly Position[], after: Position, partition: number): void {
  let last = after.offset
  for (const { offset } of records) {
    if (offset !== last + 1) {
      throw new LogOrderError(
        `partition ${partition}: offset ${offset} follows ${last}; expected ${last + 1}`,
      )
    }
    last = offset
  }
}
