import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { keepPartition, type Ownership } from '#server/log/fence.ts'
import { assertDense, type LogRecord } from '#server/log/order-log.ts'
import { foldBatch } from './fold/fold-batch.ts'
import { neededLookbacks } from './fold/lookback.ts'
import { openSession, type PartitionSession } from './partition-session.ts'
import { loadProgress, type Progress } from './state/checkpoint.ts'
import { activeGeneration, consumerName } from './state/generations.ts'
import { knownStocks, StockCache } from './state/known-stocks.ts'
import { loadLookbacks } from './state/load-lookbacks.ts'
import { loadPurchases } from './state/load-purchases.ts'
import { writeBatch } from './write/write-batch.ts'

/** Entries a partition keeps in memory: about 60 MB at most. */
const STOCKS_CACHED = 200_000

export interface ConsumerOptions {
  url: string
  generation: number
  partition: number
  /** Shown in log.owners. */
  owner: string
  /** False for a generation being built: no change rows, and commits may wait for the disk. */
  isLive: boolean
}

/** A replay switched generations: go on with the active one. */
export class GenerationMovedError extends Error {
  override readonly name = 'GenerationMovedError'
}

/** What one batch was. */
export interface BatchSummary {
  /** Records read, ticks included; 0 at the log's end. */
  records: number
  /** Records that are no ticks. */
  events: number
  lateEvents: number
  /** The read came back full: there is more. */
  hasMore: boolean
}

/**
 * Consumes one partition for one generation, batch by batch: read, fold, write. What it holds in memory only
 * saves queries; after any failure it is dropped and read from the tables again.
 */
export class PartitionConsumer {
  readonly #options: ConsumerOptions
  readonly #cache = new StockCache(STOCKS_CACHED)
  #session: PartitionSession | null = null
  #owned: Ownership | null = null
  #progress: Progress | null = null
  #policyRevision: number | null = null
  #lastRead: LastRead | null = null

  constructor(options: ConsumerOptions) {
    this.#options = options
  }

  get partition(): number {
    return this.#options.partition
  }

  /** Under which it owns the partition, or did until it was fenced; 0 before it ever did. */
  get epoch(): number {
    return this.#owned?.epoch ?? 0
  }

  /** The right under which it wrote last. */
  get ownership(): Ownership {
    if (!this.#owned) throw new Error(`partition ${this.partition} was never taken`)
    return this.#owned
  }

  /** Null until opened, and after a failure until the next batch. */
  get position(): Position | null {
    return this.#progress?.position ?? null
  }

  get watermark(): Instant | null {
    return this.#progress?.watermark.current ?? null
  }

  /**
   * Takes the partition if it is not owned yet, else goes on owning it, and reads where it stands.
   * Does nothing while open.
   * @throws FencedError when another process took the partition, GenerationMovedError when it was taken for
   *   a generation that is not the active one any more
   */
  async open(): Promise<Position> {
    if (this.#session && this.#progress) return this.#progress.position
    try {
      return await this.#open()
    } catch (error) {
      await this.#forget()
      throw error
    }
  }

  /**
   * One batch, from reading to commit. After a rejection nothing of it stands, or all of it: the next call
   * finds out.
   * @param through reads nothing above this offset
   * @throws FencedError when another process took the partition, LogOrderError when offsets have a hole
   */
  async processNext(through?: number): Promise<BatchSummary> {
    await this.open()
    try {
      return await this.#process(through)
    } catch (error) {
      await this.#forget()
      throw error
    }
  }

  /** Ends the connection. The partition stays owned until somebody takes it. */
  async close(): Promise<void> {
    await this.#forget()
  }

  async #open(): Promise<Position> {
    const { url, generation, partition, owner, isLive } = this.#options
    const consumer = consumerName(generation)
    const request = { url, consumer, partition, owner, isDurable: isLive }
    this.#session = await openSession(request, this.#owned)
    const { sql, ownership } = this.#session
    this.#owned = ownership
    // A replay's switch waits for nobody who takes the old generation's partition just after it.
    if (isLive && (await activeGeneration(sql)) !== generation) {
      throw new GenerationMovedError(`generation ${generation} is not the active one any more`)
    }
    this.#progress = await loadProgress(sql, { generation, partition })
    return this.#progress.position
  }

  async #process(through: number | undefined): Promise<BatchSummary> {
    const { session, progress } = this.#opened()
    const { partition, generation } = this.#options
    const limit = nextReadLimit(this.#lastRead)
    const [records, { policyRevision, backendPid }] = await Promise.all([
      session.log.read({
        partition,
        after: progress.position,
        limit,
        ...(through === undefined ? {} : { through }),
      }),
      lookAround(session),
    ])
    if (backendPid !== session.backendPid) {
      // The driver connects anew by itself: after a loss while idle, or when a connection has lived long.
      // Perhaps somebody took the partition meanwhile; if not, the next taker must find the new backend.
      await keepPartition(session.sql, session.ownership)
      session.backendPid = backendPid
    }
    this.#lastRead = { limit, records: records.length, lines: countLines(records) }
    if (records.length === 0) return { records: 0, events: 0, lateEvents: 0, hasMore: false }
    if (session.log.offsets === 'dense') assertDense(records, progress.position, partition)
    if (policyRevision !== this.#policyRevision) this.#cache.clear()
    this.#policyRevision = policyRevision

    const [known, purchases] = await Promise.all([
      knownStocks(session.sql, { generation, cache: this.#cache, records }),
      loadPurchases(session.sql, generation, records),
    ])
    const lookbacks = await loadLookbacks(session.sql, {
      partition,
      through: progress.position,
      lookbacks: neededLookbacks(records, known),
    })
    const batch = foldBatch(records, {
      partition,
      previous: progress.position,
      watermark: progress.watermark,
      known,
      lookbacks,
      purchases,
    })
    const { ownership } = session
    await writeBatch(session.sql, { ownership, generation, writesChanges: this.#options.isLive }, batch)
    this.#progress = { position: batch.through, watermark: batch.watermark }
    for (const { store, sku, after, policies } of batch.stock.touched) {
      this.#cache.set(store, { sku, state: after, policies })
    }
    const { events, lateEvents } = batch
    return { records: records.length, events, lateEvents, hasMore: records.length === limit }
  }

  #opened(): { session: PartitionSession; progress: Progress } {
    if (!this.#session || !this.#progress) throw new Error('the consumer is not open')
    return { session: this.#session, progress: this.#progress }
  }

  async #forget(): Promise<void> {
    const session = this.#session
    this.#session = null
    this.#progress = null
    this.#lastRead = null
    this.#cache.clear()
    await session?.close()
  }
}

/** Whether policies changed, and which backend answers. */
async function lookAround({
  sql,
}: PartitionSession): Promise<{ policyRevision: number; backendPid: number }> {
  const rows = await sql.unsafe<{ revision: number }[]>('select revision from ref.policy_revision', [], {
    prepare: true,
  })
  return { policyRevision: rows[0]?.revision ?? 0, backendPid: rows.state.pid }
}

function countLines(records: readonly LogRecord[]): number {
  return records.reduce(
    (lines, record) => lines + (record.type === 'tick' ? 0 : (record.lines?.skus.length ?? 0)),
    0,
  )
}

/** Records a read asks for near the log's end. */
const SMALLEST_READ = 2_000
/** Far behind: one upsert then stands for many events. Past this, memory grows and nothing gets faster. */
const LARGEST_READ = 20_000
/** Lines a batch should hold at most: documents of thousands of lines make smaller batches. */
const LINES_PER_BATCH = 200_000

/** What the last read told. */
export interface LastRead {
  limit: number
  records: number
  lines: number
}

/** How many records to read next: more after every full read, few again at the log's end. */
export function nextReadLimit(last: LastRead | null): number {
  if (last === null || last.records < last.limit) return SMALLEST_READ
  const linesPerRecord = Math.max(1, last.lines / last.records)
  const roomFor = Math.floor(LINES_PER_BATCH / linesPerRecord)
  return Math.max(1, Math.min(last.limit * 2, LARGEST_READ, roomFor))
}
