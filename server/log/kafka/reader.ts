import { type Instant, SECOND_MS } from '#domain/instant.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { pause } from '#platform/time.ts'
import {
  LogOrderError,
  type LogRecord,
  LogUnavailableError,
  type ReadRequest,
} from '#server/log/order-log.ts'
import { asUnavailable, type Cluster, errorIds, hasMoved } from './cluster.ts'
import { createFetcher, type Fetched, type RawRecord } from './fetch.ts'
import { decodeEntry, kafkaOffsetAfter, toLogRecord, toOffset } from './record.ts'

/** Of one fetch: some thousand orders. */
const FETCH_BYTES = 2 * 2 ** 20
/** Of a fetch that wants one record; a batch comes whole anyway. */
const SMALL_FETCH_BYTES = 2 ** 16

/** How long what we have committed ourselves may take to become readable: its transaction's marker is on its way. */
const VISIBLE_WITHIN_MS = 10 * SECOND_MS

/** How long a read looks for a leader that has moved. */
const RETRIED_WITHIN_MS = 3 * SECOND_MS

/** What was fetched and not read yet, and the fetch that is under way. */
interface Ahead {
  /** The place up to which it was read, in our counting. */
  after: number
  records: RawRecord[]
  /** Index of the first record that was not read. */
  taken: number
  next: bigint
  fetching?: Promise<Fetched>
}

/** Reads the topic as an order log. */
export function createTopicReader(cluster: Cluster) {
  const fetcher = createFetcher(cluster, cluster.connections('reader'))
  const aheads = new Map<number, Ahead>()
  /** Kafka's offset after what this process has committed, by partition. */
  const committed = new Map<number, bigint>()

  async function guarded<Result>(partition: number, work: () => Promise<Result>): Promise<Result> {
    for (const until = performance.now() + RETRIED_WITHIN_MS; ; await pause(20)) {
      try {
        return await work()
      } catch (error) {
        cluster.forget()
        if (errorIds(error).has('OFFSET_OUT_OF_RANGE')) {
          throw new LogOrderError(
            `partition ${partition}: the topic does not hold the place that was asked for: it was removed, or lost by its broker`,
            { cause: error },
          )
        }
        if (!hasMoved(error) || performance.now() > until) throw asUnavailable(error)
      }
    }
  }

  /** @returns null where it holds no entry: the archive sets it aside, and it counts for nobody */
  function toRecord(partition: number, { offset, timestamp, value }: RawRecord): LogRecord | null {
    const place = { partition, offset: toOffset(offset), timestamp }
    try {
      return toLogRecord(decodeEntry(value, place), place)
    } catch (error) {
      if (error instanceof RangeError) return null
      throw error
    }
  }

  /** Everything decided, and no less than what we have committed ourselves. */
  async function stableEnd(partition: number): Promise<bigint> {
    const own = committed.get(partition) ?? 0n
    for (const until = performance.now() + VISIBLE_WITHIN_MS; ; await pause(1)) {
      const stable = await fetcher.lastStableOf(partition)
      if (stable >= own) return stable
      if (performance.now() > until)
        throw new LogUnavailableError(`partition ${partition}: what was committed does not become readable`)
    }
  }

  /**
   * The next records that `take` has a use for.
   * @param take null: it has none, and the record does not count to the limit
   */
  async function readWith<Taken>(
    request: Omit<ReadRequest, 'after'> & { after: Pick<Position, 'offset'> },
    take: (raw: RawRecord) => Taken | null,
  ): Promise<Taken[]> {
    const { partition, after, limit, through = Number.MAX_SAFE_INTEGER } = request
    // Taken out while it is read: two readers of one partition do not meet in it.
    const kept = aheads.get(partition)
    aheads.delete(partition)
    const ahead =
      kept?.after === after.offset
        ? kept
        : { after: after.offset, records: [], taken: 0, next: kafkaOffsetAfter(after.offset) }
    const read: Taken[] = []
    while (read.length < limit) {
      const raw = ahead.records[ahead.taken]
      if (raw === undefined) {
        if (!(await refill(partition, ahead))) break
        continue
      }
      const offset = toOffset(raw.offset)
      if (offset > through) break
      const taken = take(raw)
      if (taken !== null) read.push(taken)
      ahead.taken += 1
      ahead.after = offset
    }
    aheads.set(partition, ahead)
    return read
  }

  /** @returns whether there may be more to read */
  async function refill(partition: number, ahead: Ahead): Promise<boolean> {
    for (;;) {
      const fetched = await (ahead.fetching ?? fetcher.fetchFrom(partition, ahead.next, FETCH_BYTES))
      delete ahead.fetching
      const isAtEnd = fetched.next === ahead.next
      if (!isAtEnd) {
        ahead.records = fetched.records
        ahead.taken = 0
        ahead.next = fetched.next
        // While these are decoded and worked on, the next are on their way.
        if (fetched.next < fetched.lastStable) {
          ahead.fetching = fetcher.fetchFrom(partition, fetched.next, FETCH_BYTES)
          ahead.fetching.catch(() => {})
        }
        return true
      }
      if (ahead.next >= (committed.get(partition) ?? 0n)) return false
      await stableEnd(partition)
    }
  }

  /** The last record before one of Kafka's offsets; what lies between may be markers alone. */
  async function lastBefore(partition: number, limit: bigint): Promise<Position> {
    for (let step = 2n; ; step *= 8n) {
      const from = limit > step ? limit - step : 0n
      let last: LogRecord | undefined
      for (let next = from; next < limit; ) {
        const fetched = await fetcher.fetchFrom(partition, next, SMALL_FETCH_BYTES)
        for (let index = fetched.records.length - 1; index >= 0; index -= 1) {
          const raw = fetched.records[index]
          const record = raw && raw.offset < limit ? toRecord(partition, raw) : null
          if (record === null) continue
          last = record
          break
        }
        if (fetched.next === next) break
        next = fetched.next
      }
      if (last) return { offset: last.offset, appendedAt: last.appendedAt }
      if (from === 0n) return LOG_START
    }
  }

  async function firstFrom(partition: number, from: bigint): Promise<LogRecord | undefined> {
    for (let next = from; ; ) {
      const fetched = await fetcher.fetchFrom(partition, next, SMALL_FETCH_BYTES)
      for (const raw of fetched.records) {
        const record = toRecord(partition, raw)
        if (record) return record
      }
      if (fetched.next === next) return undefined
      next = fetched.next
    }
  }

  /**
   * The first of Kafka's offsets from which on everything was appended at or after an instant. The broker knows its own
   * timestamps alone; copied history was appended before them, so behind what the broker finds it is halved.
   */
  async function firstAppendedAt(partition: number, instant: Instant, end: bigint): Promise<bigint> {
    const found = await fetcher.firstAt(partition, instant)
    if (found === undefined) return end
    let [low, high] = [found, end]
    while (low < high) {
      const middle = low === found ? low : (low + high) / 2n
      const record = await firstFrom(partition, middle)
      if (record === undefined || record.appendedAt >= instant) high = middle
      else low = BigInt(record.offset)
    }
    return low
  }

  return {
    /** Tells that we have committed something that ends before one of Kafka's offsets. */
    noteCommitted(partition: number, next: bigint): void {
      if (next > (committed.get(partition) ?? 0n)) committed.set(partition, next)
    },
    read: (request: ReadRequest) =>
      guarded(request.partition, () => readWith(request, raw => toRecord(request.partition, raw))),
    /** All that is there, as it is kept. */
    readRaw: (request: { partition: number; after: number; limit: number }) =>
      guarded(request.partition, () =>
        readWith({ ...request, after: { offset: request.after } }, raw => raw),
      ),
    endOf: (partition: number) =>
      guarded(partition, async () => lastBefore(partition, await stableEnd(partition))),
    seekToOffset: (partition: number, offset: number) =>
      guarded(partition, async () => {
        const end = await stableEnd(partition)
        const wanted = BigInt(Math.max(0, offset - 1))
        return lastBefore(partition, wanted < end ? wanted : end)
      }),
    seekToAppendTime: (partition: number, instant: Instant) =>
      guarded(partition, async () => {
        const end = await stableEnd(partition)
        return lastBefore(partition, await firstAppendedAt(partition, instant, end))
      }),
    /** What is committed from one of Kafka's offsets to another, as it is kept; waits where that is not decided yet. */
    async *scan(partition: number, from: bigint, end: bigint): AsyncGenerator<RawRecord[]> {
      for (let next = from; next < end; ) {
        const fetched = await fetcher.fetchFrom(partition, next, FETCH_BYTES)
        yield fetched.records
        // A transaction that is not decided yet holds us up; its writer, or its time limit, decides.
        if (fetched.next === next) await pause(5)
        next = fetched.next
      }
    },
    /** Kafka's offset after everything that was ever written, decided or not. */
    writtenEnd: (partition: number) => guarded(partition, () => fetcher.endOf(partition)),
  }
}

export type TopicReader = ReturnType<typeof createTopicReader>
