import { loadOperatorReference } from '#db/operator-reference.ts'
import { loadShelfReference } from '#db/shelf-reference.ts'
import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { SALES_DOCUMENTS } from '#domain/measures.ts'
import type { OperatorFailure, Operators } from '#domain/operators/fold.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { NO_SHELVES, type ShelfReference } from '#domain/replenishment/shelf-reference.ts'
import { messageOf } from '#platform/command.ts'
import { FencedError, keepPartition, type Ownership } from '#server/log/fence.ts'
import { isOfData } from '#server/log/log-errors.ts'
import { assertDense, LogOrderError, type LogRecord, LogUnavailableError } from '#server/log/order-log.ts'
import { type BatchResult, foldBatch } from './fold/fold-batch.ts'
import { neededLookbacks } from './fold/lookback.ts'
import { type SetAside, sift } from './fold/sift.ts'
import type { OperatorCosts } from './operator-costs.ts'
import { OPERATORS } from './operators.ts'
import { openSession, type PartitionSession } from './partition-session.ts'
import { CheckpointMovedError, loadProgress, type Progress } from './state/checkpoint.ts'
import { activeGeneration, consumerName } from './state/generations.ts'
import { knownStocks } from './state/known-stocks.ts'
import { loadLookbacks } from './state/load-lookbacks.ts'
import { loadPurchases } from './state/load-purchases.ts'
import { OperatorStates } from './state/operator-states.ts'
import { loadEntryAfter } from './state/set-aside.ts'
import { StockCache } from './state/stock-cache.ts'
import { StockLooks } from './state/stock-looks.ts'
import { RefusedByArchiveError, writeBatch } from './write/write-batch.ts'

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
  /** Whether it takes the partition from whoever works on it (the default), or only where nobody does. */
  takes?: 'any' | 'free'
  /** Told what batches cost. */
  costs?: OperatorCosts | undefined
  /** Those of the stream, unless others are given. */
  operators?: Operators
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
  /** Events that could not be digested, and count nowhere. */
  setAside: number
  /** What rules could not judge. */
  operatorFailures: readonly OperatorFailure[]
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
  readonly #operators: Operators
  readonly #states: OperatorStates
  #reference: OperatorReference | null = null
  #session: PartitionSession | null = null
  #owned: Ownership | null = null
  #progress: Progress | null = null
  #shelves: ShelfReference = NO_SHELVES
  readonly #looks = new StockLooks()
  #stockRevision: string | null = null
  #operatorRevision: string | null = null
  #lastRead: LastRead | null = null
  /** Why the archive has set aside events of the next batch, by offset. */
  #refused: ReadonlyMap<number, string> = NOTHING_REFUSED

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#operators = options.operators ?? OPERATORS
    this.#states = new OperatorStates(this.#operators)
  }

  get partition(): number {
    return this.#options.partition
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
   * @throws FencedError when another process took the partition, PartitionHeldError when one works on it and it is to
   *   be free, GenerationMovedError when it was taken for a generation that is not the active one any more
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
      return await this.#digest(through)
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
    const { url, generation, partition, owner, isLive, takes = 'any' } = this.#options
    const consumer = consumerName(generation)
    const request = { url, consumer, partition, owner, takes, isDurable: isLive }
    this.#session = await openSession(request, this.#owned)
    const { sql, ownership } = this.#session
    this.#owned = ownership
    // A replay's switch waits for nobody who takes the old generation's partition just after it.
    if (isLive && (await activeGeneration(sql)) !== generation) {
      throw new GenerationMovedError(`generation ${generation} is not the active one any more`)
    }
    this.#states.clear()
    await this.#states.load(sql, { generation, partition })
    this.#progress = await loadProgress(sql, { generation, partition })
    return this.#progress.position
  }

  /**
   * A batch of which nothing can be read, folded or written for what is in it is halved until one entry is left: that
   * one is set aside, and the checkpoint moves past it. So the events before and behind it count as they would without it.
   */
  async #digest(through: number | undefined): Promise<BatchSummary> {
    for (let most = Number.POSITIVE_INFINITY; ; ) {
      const attempt = { limit: Math.min(nextReadLimit(this.#lastRead), most), records: most }
      try {
        return await this.#process(through, attempt)
      } catch (error) {
        if (error instanceof RefusedByArchiveError) {
          this.#refused = new Map([...this.#refused, ...error.refused])
          await this.#reload()
          continue
        }
        if (!isOfTheBatch(error)) throw error
        most = Math.ceil(Math.min(attempt.limit, attempt.records) / 2)
        // The fold has taken the watermark along.
        await this.#reload()
        if (attempt.limit === 1 || attempt.records === 1) return this.#goOnWithoutNext(error)
      }
    }
  }

  async #reload(): Promise<void> {
    const { session } = this.#opened()
    const { partition, generation } = this.#options
    this.#progress = await loadProgress(session.sql, { generation, partition })
  }

  async #goOnWithoutNext(cause: unknown): Promise<BatchSummary> {
    const { session, progress } = this.#opened()
    const { partition } = this.#options
    const { position: previous, watermark } = progress
    const entry = await nextEntry(session, { partition, after: previous })
    if (!entry) throw cause
    const through = { offset: entry.offset, appendedAt: entry.appendedAt }
    const nothing = {
      known: new Map(),
      lookbacks: new Map(),
      purchases: new Map(),
      due: [],
      shelves: NO_SHELVES,
    }
    const operators = {
      states: this.#states,
      reference: await this.#referenceAt(session, null),
      operators: this.#operators,
    }
    const batch = foldBatch([], { partition, previous, through, watermark, ...nothing, ...operators })
    await this.#write({ batch, setAside: [{ ...entry, reason: messageOf(cause) }] })
    this.#lastRead = { limit: 1, records: 1, lines: 0 }
    return { records: 1, events: 0, lateEvents: 0, setAside: 1, operatorFailures: [], hasMore: true }
  }

  async #process(
    through: number | undefined,
    attempt: { limit: number; records: number },
  ): Promise<BatchSummary> {
    const { session, progress } = this.#opened()
    const { partition, generation, costs } = this.#options
    const { limit } = attempt
    const readingSince = performance.now()
    const [records, { stockRevision, operatorRevision, backendPid }] = await Promise.all([
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
    const last = records.at(-1)
    if (!last) {
      this.#lastRead = null
      return { records: 0, events: 0, lateEvents: 0, setAside: 0, operatorFailures: [], hasMore: false }
    }
    attempt.records = records.length
    if (session.log.offsets === 'dense') assertDense(records, progress.position, partition)
    if (stockRevision !== this.#stockRevision) {
      this.#cache.clear()
      this.#shelves = await loadShelfReference(session.sql)
      // What is low is looked at when a forecast begins to hold.
      await this.#looks.load(session.sql, { generation, partition })
      this.#stockRevision = stockRevision
    }

    const { digestible, setAside } = sift(records, this.#refused)
    const reference = await this.#referenceAt(session, operatorRevision)
    // No watermark passes the newest append.
    const due = this.#looks.due(last.appendedAt)
    const [known, purchases] = await Promise.all([
      knownStocks(session.sql, { generation, cache: this.#cache, records: digestible, due }),
      loadPurchases(session.sql, generation, digestible),
      this.#states.require(
        session.sql,
        { generation, partition },
        { operators: this.#operators, records: digestible, reference },
      ),
    ])
    const lookbacks = await loadLookbacks(session.sql, {
      partition,
      through: progress.position,
      lookbacks: neededLookbacks(digestible, known),
    })
    const foldingSince = performance.now()
    const timed = costs?.begin(records.length) ?? null
    const batch = foldBatch(digestible, {
      partition,
      previous: progress.position,
      through: { offset: last.offset, appendedAt: last.appendedAt },
      watermark: progress.watermark,
      known,
      lookbacks,
      purchases,
      due,
      shelves: this.#shelves,
      states: this.#states,
      reference,
      operators: this.#operators,
      lap: timed?.lap,
    })
    timed?.stop()
    const writingSince = performance.now()
    await this.#write({ batch, setAside })
    costs?.add({
      batch,
      appendedAt: liveSales(digestible),
      databaseMs: foldingSince - readingSince + (performance.now() - writingSince),
      timed,
    })
    this.#lastRead = { limit, records: records.length, lines: countLines(records) }
    for (const { store, sku, after, policies, forecasts } of batch.stock.touched) {
      this.#cache.set(store, { sku, state: after, policies, forecasts })
    }
    const { events, lateEvents } = batch
    return {
      records: records.length,
      events,
      lateEvents,
      setAside: setAside.length,
      operatorFailures: batch.operators.failures,
      hasMore: records.length === limit,
    }
  }

  async #write(written: { batch: BatchResult; setAside: readonly SetAside[] }): Promise<void> {
    const { session } = this.#opened()
    const { generation, isLive } = this.#options
    await writeBatch(
      session.sql,
      {
        ownership: session.ownership,
        generation,
        writesChanges: isLive,
        archive: session.log.offsets === 'gaps' ? { setAside: this.#refused } : null,
      },
      written,
    )
    this.#refused = NOTHING_REFUSED
    const { through, watermark, operators, stock } = written.batch
    this.#progress = { position: through, watermark }
    this.#states.take(operators.touched, watermark.current)
    this.#looks.take(stock.touched)
  }

  /** What operators join with. @param revision of it in the database; null: whichever is at hand */
  async #referenceAt({ sql }: PartitionSession, revision: string | null): Promise<OperatorReference> {
    if (this.#reference && (revision === null || revision === this.#operatorRevision)) return this.#reference
    this.#reference = await loadOperatorReference(sql)
    this.#operatorRevision = revision
    return this.#reference
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
    this.#states.clear()
    this.#looks.clear()
    this.#stockRevision = null
    this.#reference = null
    this.#refused = NOTHING_REFUSED
    await session?.close()
  }
}

const NOTHING_REFUSED: ReadonlyMap<number, string> = new Map()

/** The entry after a position, named as far as can be read; null at the log's end. */
async function nextEntry(
  { sql, log }: PartitionSession,
  place: { partition: number; after: Position },
): Promise<Omit<SetAside, 'reason'> | null> {
  const { partition, after } = place
  if (log.offsets === 'dense') {
    // By columns: a row that cannot be read as a record is one too.
    const entry = await loadEntryAfter(sql, place)
    if (entry) assertDense([entry], after, partition)
    return entry
  }
  const [record] = await log.read({ partition, after, limit: 1 })
  if (!record) return null
  const { offset, appendedAt, type } = record
  const { store = '', businessDay = '', source = '', id = '' } = record.type === 'tick' ? {} : record
  return { offset, appendedAt, type, store, businessDay, source, id }
}

/** What is wrong with the partition, whatever its entries hold. */
const OF_THE_PARTITION: readonly (new (...given: never[]) => Error)[] = [
  FencedError,
  GenerationMovedError,
  CheckpointMovedError,
  LogOrderError,
  LogUnavailableError,
]

/** Whether a batch failed for what its entries hold: then, and only then, may one of them be left out. */
function isOfTheBatch(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // What we threw ourselves, folding, has no code.
  return 'code' in error ? isOfData(error) : !OF_THE_PARTITION.some(kind => error instanceof kind)
}

/** Whether what stocks are judged by, or what operators join with, changed, and which backend answers. */
async function lookAround({
  sql,
}: PartitionSession): Promise<{ stockRevision: string; operatorRevision: string; backendPid: number }> {
  const rows = await sql.unsafe<{ stocks: string; operators: string }[]>(
    `select concat(p.revision, '/', d.revision, '/', o.revision, '/', s.revision) as stocks,
       concat(o.revision, '/', s.revision) as operators
     from ref.policy_revision p, ref.demand_revision d, ref.operator_revision o, ref.reference_revision s`,
    [],
    { prepare: true },
  )
  const [row] = rows
  return {
    stockRevision: row?.stocks ?? '',
    operatorRevision: row?.operators ?? '',
    backendPid: rows.state.pid,
  }
}

/** When the live sales of a batch were appended: of what came by file or was seeded, that is not when it was sold. */
function liveSales(records: readonly LogRecord[]): Instant[] {
  const instants: Instant[] = []
  for (const record of records)
    if (record.type !== 'tick' && record.class === 'live' && SALES.has(record.type))
      instants.push(record.appendedAt)
  return instants
}

const SALES: ReadonlySet<string> = new Set(SALES_DOCUMENTS)

function countLines(records: readonly LogRecord[]): number {
  return records.reduce(
    (lines, record) => lines + (record.type === 'tick' ? 0 : (record.lines?.skus.length ?? 0)),
    0,
  )
}

/** Records a read asks for near the log's end. */
const SMALLEST_READ = 2_000
/** Far behind: one upsert then stands for many events. Past this, memory grows and nothing gets faster. */
export const LARGEST_READ = 20_000
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
