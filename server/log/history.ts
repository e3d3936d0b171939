import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { LOG_START, type LogEvent, type Position } from '#domain/log-event.ts'
import { COPY_EVENTS, COPY_KEYS, copyEventRow, copyKeyRow } from './event-rows.ts'

interface LoadHistoryOptions {
  /**
   * Every partition's chunks in their order; those of several makers come as they are ready. Read as they are
   * written: memory does not grow with the history's length.
   */
  chunks: AsyncIterable<HistoryChunk>
  /** Every append time lies in [from, to]: the days' tables are made before anything is locked. */
  from: Instant
  to: Instant
  /** Told after every chunk how many events are written. */
  onProgress?: (events: number) => void
  /** Runs when all is written and nothing stands yet: what must be there whenever the history is. */
  beforeCommit?: () => Promise<void>
}

/** History goes under a log that is empty: offsets follow the time of append, and what is there came first. */
export class LogNotEmptyError extends Error {
  override readonly name = 'LogNotEmptyError'
  constructor() {
    super('the log is not empty: history can only be loaded into a new one')
  }
}

/**
 * Loads a history by COPY in one transaction: all of it or nothing. Appends by others wait meanwhile.
 *
 * @returns the last position of each partition that got events
 * @throws LogNotEmptyError; what `chunks` and `beforeCommit` throw
 */
export async function loadHistory(sql: Sql, options: LoadHistoryOptions): Promise<Map<number, Position>> {
  // Not inside the transaction: making a day locks the whole log until the commit, against readers too.
  await sql`select log.ensure_days(${dayOf(options.from)}, ${dayOf(options.to)})`
  const positions = await sql.begin(async transaction => {
    await takeEmptyLog(transaction)
    const written = await copyAll(transaction, options)
    await options.beforeCommit?.()
    return written
  })
  // Without statistics the first queries over the history take it for empty.
  await sql`
    analyze log.event_log ("offset", appended_at, event_time, partition, type, class, store, channel, currency,
      business_day, customer)`
  await sql`analyze log.event_keys`
  return positions
}

async function takeEmptyLog(transaction: Transaction): Promise<void> {
  // The lock that log.append takes, of every partition in one order: nobody appends until we commit.
  await transaction`select pg_advisory_xact_lock(7411, partition) from (select partition from log.partitions order by 1) p`
  const [row] = await transaction<{ taken: boolean }[]>`
    select exists (select from log.event_log) or exists (select from log.event_keys) as taken`
  if (row?.taken !== false) throw new LogNotEmptyError()
}

async function copyAll(
  transaction: Transaction,
  { chunks, onProgress }: LoadHistoryOptions,
): Promise<Map<number, Position>> {
  const positions = new Map<number, Position>()
  let written = 0
  // One chunk is under way while the next is made.
  let writing = Promise.resolve()
  try {
    for await (const chunk of chunks) {
      await writing
      for (const [partition, position] of chunk.positions) positions.set(partition, position)
      writing = writeChunk(transaction, chunk).then(() => {
        written += chunk.events
        onProgress?.(written)
      })
      // Met where it is awaited next; until then it is nobody's unhandled rejection.
      writing.catch(() => {})
    }
    await writing
  } catch (error) {
    // A COPY under way takes no rollback: it ends first, and what made us stop is what we tell.
    await writing.catch(() => {})
    throw error
  }
  return positions
}

async function writeChunk(transaction: Transaction, { rows, keys }: HistoryChunk): Promise<void> {
  await copyInto(await transaction.unsafe(COPY_EVENTS).writable(), rows)
  await copyInto(await transaction.unsafe(COPY_KEYS).writable(), keys)
}

async function copyInto(stream: Writable, bytes: Uint8Array): Promise<void> {
  stream.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  await once(stream, 'finish')
}

function dayOf(instant: Instant): string {
  return formatInstant(instant).slice(0, 10)
}

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
