import type { Instant } from '#domain/instant.ts'
import { type Position } from '#domain/log-event.ts'
import { assertDense, type LogRecord } from '#server/log/order-log.ts'
import { keepPartition, type Ownership } from '#server/log/ownership.ts'
import { foldBatch } from './fold-batch.ts'
import { knownStocks } from './known-stocks.ts'
import { loadLookbacks } from './load-lookbacks.ts'
import { loadProgress, type Progress } from './load-progress.ts'
import { neededLookbacks } from './lookback.ts'
import { type LastRead, nextReadLimit } from './pace.ts'
import { openSession, type PartitionSession } from './partition-session.ts'
import { StockCache } from './stock-cache.ts'
import { writeBatch } from './write-batch.ts'

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

/** What a step did. */
export interface Step {
  /** Records read, ticks included; 0 at the log's end. */
  records: number
  /** Records that are no ticks. */
  events: number
  lateEvents: number
  /** The read came back full: there is more. */
  hasMore: boolean
}

/**
 * Consumes one partition for one generation: read, fold, write, step by step. What it holds in memory only
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

  /** Null until opened, and after a failure until the next step. */
  get position(): Position | null {
    return this.#progress?.position ?? null
  }

  get watermark(): Instant | null {
    return this.#progress?.watermark.current ?? null
  }

  /**
   * Takes the partition if it is not owned yet, else goes on owning it, and reads where it stands.
   * Does nothing while open.
   * @throws FencedError when another process took the partition
   */
  async open(): Promise<Position> {
    if (this.#session && this.#progress) return this.#progress.position
    const { url, generation, partition, owner, isLive } = this.#options
    const consumer = consumerName(generation)
    this.#session = await openSession(
      { url, consumer, partition, owner, isDurable: isLive },
      this.#owned,
    )
    this.#owned = this.#session.ownership
    this.#progress = await loadProgress(this.#session.sql, { generation, partition })
    return this.#progress.position
  }

  /**
   * One batch, from reading to commit. After a rejection nothing of it stands, or all of it: the next step
   * finds out.
   * @param through reads nothing above this offset
   * @throws FencedError when another process took the partition, LogOrderError when offsets have a hole
   */
  async step(through?: number): Promise<Step> {
    try {
      await this.open()
      return await this.#step(through)
    } catch (error) {
      await this.#forget()
      throw error
    }
  }

  /** Ends the connection. The partition stays owned until somebody takes it. */
  async close(): Promise<void> {
    await this.#forget()
  }

  async #step(through: number | undefined): Promise<Step> {
    const { session, progress } = this.#opened()
    const { partition, generation } = this.#options
    const limit = nextReadLimit(this.#lastRead)
    const [records, policyRevision] = await Promise.all([
      session.log.read({ partition, after: progress.position, limit, ...(through === undefined ? {} : { through }) }),
      readPolicyRevision(session),
    ])
    this.#lastRead = { limit, records: records.length, lines: countLines(records) }
    if (records.length === 0) return { records: 0, events: 0, lateEvents: 0, hasMore: false }
    if (session.log.offsets === 'dense') assertDense(records, progress.position, partition)
    if (policyRevision !== this.#policyRevision) this.#cache.clear()
    this.#policyRevision = policyRevision

    const known = await knownStocks(session.sql, { generation, cache: this.#cache, records })
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
    })
    const { ownership } = session
    const target = { ownership, generation, writesChanges: this.#options.isLive }
    const backendPid = await writeBatch(session.sql, target, batch)
    if (backendPid !== session.backendPid) {
      // The driver connects anew by itself when a connection has lived long: the next taker must find it.
      await keepPartition(session.sql, ownership)
      session.backendPid = backendPid
    }
    this.#progress = { position: batch.through, watermark: progress.watermark }
    for (const { store, sku, after, policies } of batch.stock.touched) {
      this.#cache.set(store, sku, { state: after, policies })
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

/** The name under which a generation's stream owns its partitions. */
export function consumerName(generation: number): string {
  return `stream/${generation}`
}

async function readPolicyRevision({ sql }: PartitionSession): Promise<number> {
  const [row] = await sql.unsafe<{ revision: number }[]>('select revision from ref.policy_revision', [], {
    prepare: true,
  })
  return row?.revision ?? 0
}

function countLines(records: readonly LogRecord[]): number {
  return records.reduce(
    (lines, record) => lines + (record.type === 'tick' ? 0 : (record.lines?.skus.length ?? 0)),
    0,
  )
}
