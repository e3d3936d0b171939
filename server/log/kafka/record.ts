import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { READ_DETAILS } from '#server/log/read-statement.ts'

// What a record of the topic holds: its value alone, UTF-8 JSON. Key and headers are empty. The job in Java reads the same
// (RecordDecoder); testing/records.json holds one record of every type, which the tests of both read.
//
//   { "type": "order.placed", "source": …, all fields of LogEvent as they are }   an event
//   { "type": "tick" }                                                            lets time move
//
// Instants are milliseconds, money is integers of 1/10,000. A record is appended at its own timestamp, which the broker
// gives, unless the value says `appendedAt`: history that was copied from a Postgres log keeps its append times.

/** An event as the topic holds it. */
export interface EventEntry extends LogEvent {
  appendedAt?: Instant
}

export type TopicEntry = EventEntry | { type: 'tick'; appendedAt?: Instant }

/** Where a record stands, in our counting: offsets from 1. */
export interface RecordPlace {
  partition: number
  offset: number
  /** The record's own timestamp. */
  timestamp: Instant
}

/** Our offset is Kafka's and one: 0 means that nothing was read. */
export const toOffset = (kafkaOffset: bigint | number): number => Number(kafkaOffset) + 1

/** The offset at which Kafka begins to give what follows one of ours. */
export const kafkaOffsetAfter = (offset: number): bigint => BigInt(offset)

/** @param appendedAt of history; left out for what is appended now */
export function encodeEvent(event: LogEvent, appendedAt?: Instant): Buffer {
  return Buffer.from(JSON.stringify(appendedAt === undefined ? event : { ...event, appendedAt }))
}

export function encodeTick(appendedAt?: Instant): Buffer {
  return Buffer.from(JSON.stringify({ type: 'tick', appendedAt }))
}

/**
 * All that a record holds.
 * @throws RangeError naming its place when it is no JSON object
 */
export function decodeEntry(value: Buffer | null | undefined, place: RecordPlace): TopicEntry {
  let entry: unknown
  try {
    entry = JSON.parse(value?.toString('utf8') ?? '')
  } catch (error) {
    throw new RangeError(`${describe(place)} is no JSON`, { cause: error })
  }
  if (typeof entry !== 'object' || entry === null || !('type' in entry))
    throw new RangeError(`${describe(place)} is no entry of an order log`)
  return entry as TopicEntry
}

/** A record as consumers read it from any log. */
export function toLogRecord(entry: TopicEntry, { partition, offset, timestamp }: RecordPlace): LogRecord {
  const appendedAt = entry.appendedAt ?? timestamp
  if (entry.type === 'tick') return { type: 'tick', partition, offset, appendedAt }
  const { lines } = entry
  return {
    partition,
    offset,
    appendedAt,
    eventTime: entry.eventTime,
    type: entry.type,
    class: entry.class,
    source: entry.source,
    id: entry.id,
    store: entry.store,
    channel: entry.channel,
    currency: entry.currency,
    businessDay: entry.businessDay,
    orderId: entry.orderId,
    customer: entry.customer,
    register: entry.register,
    totalUnits: entry.totalUnits,
    totalGross: entry.totalGross,
    totalDiscounts: entry.totalDiscounts,
    totalReturns: entry.totalReturns,
    lines: lines && { skus: lines.skus, units: lines.units, stocked: lines.stocked },
    details: WITH_DETAILS.has(entry.type) ? entry.details : null,
  }
}

const WITH_DETAILS: ReadonlySet<string> = new Set(READ_DETAILS)

function describe({ partition, offset }: RecordPlace): string {
  return `the record at ${partition}/${offset}`
}
