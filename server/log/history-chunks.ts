import { setImmediate as yieldToSockets } from 'node:timers/promises'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { LOG_START, type LogEvent, type Position } from '#domain/log-event.ts'
import { copyEventRow, copyKeyRow } from './copy-rows.ts'

/** An event of the past with the time at which it would have been appended. */
export interface HistoricEvent {
  event: LogEvent
  appendedAt: Instant
}

/** Some events of a history as COPY takes them, made wherever there is a processor free. */
export interface HistoryChunk {
  /** Rows of log.event_log and of log.event_keys in COPY's text format, as UTF-8. */
  rows: Uint8Array<ArrayBuffer>
  keys: Uint8Array<ArrayBuffer>
  events: number
  /** The last position of each partition so far. */
  positions: [partition: number, position: Position][]
}

/** Events of one COPY to each table: a few megabytes, so that both sides work while bytes travel. */
const CHUNK_EVENTS = 4_000
/** Events between two turns of the event loop, without which sockets and ports would starve meanwhile. */
const EVENTS_PER_TURN = 250

/**
 * Gives each event its offset, dense per partition in the order given, and makes rows of it.
 * @param events whole partitions, in order of `appendedAt`: two makers must not share one
 * @throws RangeError when an append time runs backwards; what `events` throws
 */
export async function* historyChunks(events: Iterable<HistoricEvent>): AsyncGenerator<HistoryChunk> {
  const encoder = new TextEncoder()
  const positions = new Map<number, Position>()
  let latest = Number.NEGATIVE_INFINITY
  let [rows, keys, count] = ['', '', 0]
  const cut = (): HistoryChunk => {
    const chunk = { rows: encoder.encode(rows), keys: encoder.encode(keys), events: count }
    ;[rows, keys, count] = ['', '', 0]
    return { ...chunk, positions: [...positions] }
  }
  for (const { event, appendedAt } of events) {
    if (appendedAt < latest) throw backwards(event, appendedAt, latest)
    latest = appendedAt
    const offset = (positions.get(event.partition) ?? LOG_START).offset + 1
    positions.set(event.partition, { offset, appendedAt })
    rows += copyEventRow(event, offset, appendedAt)
    keys += copyKeyRow(event, offset)
    count += 1
    if (count % EVENTS_PER_TURN === 0) await yieldToSockets()
    if (count === CHUNK_EVENTS) yield cut()
  }
  if (count > 0) yield cut()
}

function backwards(event: LogEvent, appendedAt: Instant, latest: Instant): RangeError {
  return new RangeError(
    `${event.source}/${event.id} is appended at ${formatInstant(appendedAt)}, before ${formatInstant(latest)} of the event ahead of it: history comes in order of append time`,
  )
}
