import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { LOG_START, type LogEvent, type Position } from '#domain/log-event.ts'
import { copyEventRow, copyKeyRow, EVENT_COLUMNS, KEY_COLUMNS } from './copy-rows.ts'

/** An event of the past with the time at which it would have been appended. */
export interface HistoricEvent {
  event: LogEvent
  appendedAt: Instant
}

export interface LoadHistoryOptions {
  /** In order of `appendedAt`, of all partitions. Read as it is written: memory does not grow with its length. */
  events: Iterable<HistoricEvent> | AsyncIterable<HistoricEvent>
  /** Every `appendedAt` lies in [from, to]: the days' tables are made before anything is locked. */
  from: Instant
  to: Instant
  /** Told after every chunk how many events are written. */
  onProgress?: (events: number) => void
}

/** History goes under a log that is empty: offsets follow the time of append, and what is there came first. */
export class LogNotEmptyError extends Error {
  override readonly name = 'LogNotEmptyError'
  constructor() {
    super('the log is not empty: history can only be loaded into a new one')
  }
}

/** Events of one COPY to each table: a few megabytes, so that both sides work while bytes travel. */
const CHUNK_EVENTS = 4_000
/** Events between two turns of the event loop, without which the socket would starve while rows are made. */
const EVENTS_PER_TURN = 250

/**
 * Loads a history by COPY in one transaction: all of it or nothing. Offsets are dense per partition in the
 * order given; appends by others wait meanwhile.
 *
 * @returns the last position of each partition that got events
 * @throws LogNotEmptyError; RangeError when an append time runs backwards; what `events` throws
 */
export async function loadHistory(sql: Sql, options: LoadHistoryOptions): Promise<Map<number, Position>> {
  // Not inside the transaction: making a day locks the whole log until the commit, against readers too.
  await sql`select log.ensure_days(${dayOf(options.from)}, ${dayOf(options.to)})`
  const positions = await sql.begin(async transaction => {
    await takeEmptyLog(transaction)
    return copyAll(transaction, options)
  })
  // Without statistics the first queries over the history take it for empty.
  await sql`analyze log.event_log ("offset", appended_at, event_time, partition, type, class, store, channel, currency,
    business_day, customer)`
  await sql`analyze log.event_keys`
  return positions
}

type Transaction = Parameters<Parameters<Sql['begin']>[1]>[0]

async function takeEmptyLog(transaction: Transaction): Promise<void> {
  // The lock that log.append takes, of every partition in one order: nobody appends until we commit.
  await transaction`select pg_advisory_xact_lock(7411, partition) from (select partition from log.partitions order by 1) p`
  const [row] = await transaction<{ taken: boolean }[]>`
    select exists (select from log.event_log) or exists (select from log.event_keys) as taken`
  if (row?.taken !== false) throw new LogNotEmptyError()
}

async function copyAll(
  transaction: Transaction,
  options: LoadHistoryOptions,
): Promise<Map<number, Position>> {
  const { events, onProgress } = options
  const positions = new Map<number, Position>()
  let written = 0
  let chunk = { rows: '', keys: '', events: 0 }
  let latest = Number.NEGATIVE_INFINITY
  // One chunk is under way while the next is made.
  let writing = Promise.resolve()

  async function send(): Promise<void> {
    const { rows, keys, events: count } = chunk
    chunk = { rows: '', keys: '', events: 0 }
    await writing
    writing = writeChunk(transaction, rows, keys).then(() => {
      written += count
      onProgress?.(written)
    })
    // Met where it is awaited next; until then it is nobody's unhandled rejection.
    writing.catch(() => {})
  }

  try {
    for await (const { event, appendedAt } of events) {
      if (appendedAt < latest) throw backwards(event, appendedAt, latest)
      latest = appendedAt
      const offset = (positions.get(event.partition) ?? LOG_START).offset + 1
      positions.set(event.partition, { offset, appendedAt })
      chunk.rows += copyEventRow(event, offset, appendedAt)
      chunk.keys += copyKeyRow(event, offset)
      chunk.events += 1
      if (chunk.events % EVENTS_PER_TURN === 0) await yieldToSockets()
      if (chunk.events === CHUNK_EVENTS) await send()
    }
    if (chunk.events > 0) await send()
    await writing
  } catch (error) {
    // A COPY under way takes no rollback: it ends first, and what made us stop is what we tell.
    await writing.catch(() => {})
    throw error
  }
  return positions
}

async function writeChunk(transaction: Transaction, rows: string, keys: string): Promise<void> {
  await copyInto(
    await transaction.unsafe(`copy log.event_log (${EVENT_COLUMNS}) from stdin`).writable(),
    rows,
  )
  await copyInto(await transaction.unsafe(`copy log.event_keys (${KEY_COLUMNS}) from stdin`).writable(), keys)
}

async function copyInto(stream: Writable, text: string): Promise<void> {
  stream.end(text)
  await once(stream, 'finish')
}

function backwards(event: LogEvent, appendedAt: Instant, latest: Instant): RangeError {
  return new RangeError(
    `${event.source}/${event.id} is appended at ${formatInstant(appendedAt)}, before ${formatInstant(latest)} of the event ahead of it: history comes in order of append time`,
  )
}

function dayOf(instant: Instant): string {
  return formatInstant(instant).slice(0, 10)
}
