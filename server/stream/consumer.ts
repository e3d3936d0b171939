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
import { BatchFold, type BatchResult, type FoldPart, foldBatch } from './fold/fold-batch.ts'
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
  gathering?: Gathering
}

/** How a batch is gathered of several reads, where the log is known to go on for long. */
export interface Gathering {
  /** Records of the first read; the next ones double. */
  smallestRead: number
  /** No read begins later after the first one began. */
  forMs: number
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
  readonly #gathering: Gathering
  /** Up to this offset each read is a batch by itself. */
  #singlyThrough = 0
  /** Why the archive has set aside events of the next batch, by offset. */
  #refused: ReadonlyMap<number, string> = NOTHING_REFUSED

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#operators = options.operators ?? OPERATORS
    this.#states = new OperatorStates(this.#operators)
    this.#gathering = options.gathering ?? GATHERING
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
      const attempt: Attempt = {
        most,
        limit: Math.min(this.#nextLimit(), most),
        records: most,
        gatheredThrough: null,
      }
      try {
        return await this.#process(through, attempt)
      } catch (error) {
        if (error instanceof RefusedByArchiveError) {
          this.#refused = new Map([...this.#refused, ...error.refused])
          await this.#reload()
          continue
        }
        if (!isOfTheBatch(error)) throw error
        if (attempt.gatheredThrough !== null) {
          this.#singlyThrough = attempt.gatheredThrough
          await this.#reload()
          continue
        }
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

  /** A batch: what one read gives, and where the log is known to go on for long, what the next ones give. */
  async #process(through: number | undefined, attempt: Attempt): Promise<BatchSummary> {
    const { progress } = this.#opened()
    const { partition, costs } = this.#options
    const mayGather = through !== undefined && this.#mayGather(attempt)
    const readingSince = performance.now()
    const page = await this.#readPage({ after: progress.position, through, limit: attempt.limit })
    if (page.records.length === 0) {
      this.#lastRead = null
      return { records: 0, events: 0, lateEvents: 0, setAside: 0, operatorFailures: [], hasMore: false }
    }
    attempt.records = page.records.length
    const { digestible, setAside, part, reference } = await this.#lookUp(page, null)
    const foldingSince = performance.now()
    const timed = costs?.begin(page.records.length) ?? null
    const fold = new BatchFold({
      partition,
      previous: progress.position,
      watermark: progress.watermark,
      states: this.#states,
      reference,
      operators: this.#operators,
      lap: timed?.lap,
    })
    fold.read(digestible, part)
    timed?.stop()
    this.#lastRead = lastReadOf(page, attempt.limit)
    let records = page.records.length
    if (mayGather) {
      const more = await this.#readOn(fold, { through, attempt, since: readingSince })
      records += more.records
      setAside.push(...more.setAside)
    }
    const batch = fold.result()
    const writingSince = performance.now()
    await this.#write({ batch, setAside })
    costs?.add({
      batch,
      appendedAt: liveSales(digestible),
      databaseMs: foldingSince - readingSince + (performance.now() - writingSince),
      timed,
    })
    for (const { store, sku, after, policies, forecasts } of batch.stock.touched) {
      this.#cache.set(store, { sku, state: after, policies, forecasts })
    }
    const { events, lateEvents } = batch
    const { failures: operatorFailures } = batch.operators
    return {
      records,
      events,
      lateEvents,
      setAside: setAside.length,
      operatorFailures,
      hasMore: this.#hasMore,
    }
  }

  /** The last read came back full. */
  get #hasMore(): boolean {
    return this.#lastRead !== null && this.#lastRead.records === this.#lastRead.limit
  }

  /**
   * Whether a batch may be several reads: not the first one, by which it is seen at once that something comes. Nor where
   * something was in the way within the last of them: each is a batch by itself then, so that what it was is found. Nor
   * where somebody measures what batches cost.
   */
  #mayGather({ most }: Attempt): boolean {
    const { progress } = this.#opened()
    return (
      this.#hasMore &&
      most === Number.POSITIVE_INFINITY &&
      progress.position.offset >= this.#singlyThrough &&
      this.#options.costs === undefined
    )
  }

  /**
   * Reads on while reads come back full, for a moment and within what may be held: a row that each of them would touch is
   * written once, and what a later one passes is not written at all.
   */
  async #readOn(
    fold: BatchFold,
    { through, attempt, since }: { through: number | undefined; attempt: Attempt; since: number },
  ): Promise<{ records: number; setAside: SetAside[] }> {
    const { forMs } = this.#gathering
    let records = 0
    const setAside: SetAside[] = []
    while (
      this.#hasMore &&
      performance.now() - since < forMs &&
      records < MOST_GATHERED &&
      fold.touchedStocks < MOST_STOCKS_GATHERED
    ) {
      const limit = this.#nextLimit()
      attempt.gatheredThrough = fold.through.offset + limit
      const page = await this.#readPage({ after: fold.through, through, limit })
      this.#lastRead = lastReadOf(page, limit)
      // What stands must be written before anything is judged by what is new: this is read again then.
      if (page.records.length === 0 || this.#isNews(page)) break
      fold.forgetPast()
      const next = await this.#lookUp(page, fold)
      fold.read(next.digestible, next.part)
      records += page.records.length
      setAside.push(...next.setAside)
    }
    return { records, setAside }
  }

  async #readPage({
    after,
    through,
    limit,
  }: {
    after: Position
    through: number | undefined
    limit: number
  }) {
    const { session } = this.#opened()
    const { partition } = this.#options
    const [records, { stockRevision, operatorRevision, backendPid }] = await Promise.all([
      session.log.read({ partition, after, limit, ...(through === undefined ? {} : { through }) }),
      lookAround(session),
    ])
    if (backendPid !== session.backendPid) {
      // The driver connects anew by itself: after a loss while idle, or when a connection has lived long.
      // Perhaps somebody took the partition meanwhile; if not, the next taker must find the new backend.
      await keepPartition(session.sql, session.ownership)
      session.backendPid = backendPid
    }
    if (session.log.offsets === 'dense') assertDense(records, after, partition)
    return { after, records, stockRevision, operatorRevision }
  }

  #isNews({ stockRevision, operatorRevision }: Page): boolean {
    return stockRevision !== this.#stockRevision || operatorRevision !== this.#operatorRevision
  }

  /** What is known of all that a page touches. @param fold what was read of the batch before; null: nothing */
  async #lookUp(
    { records, after, stockRevision, operatorRevision }: Page,
    fold: BatchFold | null,
  ): Promise<{
    digestible: readonly LogRecord[]
    setAside: SetAside[]
    part: FoldPart
    reference: OperatorReference
  }> {
    const { session } = this.#opened()
    const { partition, generation } = this.#options
    if (stockRevision !== this.#stockRevision) {
      this.#cache.clear()
      this.#shelves = await loadShelfReference(session.sql)
      // What is low is looked at when a forecast begins to hold.
      await this.#looks.load(session.sql, { generation, partition })
      this.#stockRevision = stockRevision
    }
    const { digestible, setAside } = sift(records, this.#refused)
    const reference = await this.#referenceAt(session, operatorRevision)
    const last = records.at(-1)
    const through = last ? { offset: last.offset, appendedAt: last.appendedAt } : after
    // No watermark passes the newest append.
    const due = this.#looks.due(through.appendedAt)
    const [known, purchases] = await Promise.all([
      knownStocks(session.sql, {
        generation,
        cache: this.#cache,
        begun: fold,
        records: digestible,
        due,
      }),
      loadPurchases(session.sql, generation, digestible),
      this.#states.require(
        session.sql,
        { generation, partition },
        { operators: this.#operators, records: digestible, reference },
      ),
    ])
    const lookbacks = await loadLookbacks(session.sql, {
      partition,
      through: after,
      lookbacks: neededLookbacks(digestible, known),
    })
    return {
      digestible,
      setAside,
      part: { partition, through, known, lookbacks, purchases, due, shelves: this.#shelves },
      reference,
    }
  }

  #nextLimit(): number {
    return nextReadLimit(this.#lastRead, this.#gathering.smallestRead)
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

/** Of a batch far behind, so long at most: a process that is killed has lost no more, and its progress is seen. */
const GATHERING: Gathering = { smallestRead: SMALLEST_READ, forMs: 3_000 }
/** Records and stocks at which a batch reads no further: what they have become is held until it is written. */
const MOST_GATHERED = 100_000
const MOST_STOCKS_GATHERED = 20_000

/** One try to process a batch, and how far it came. */
interface Attempt {
  limit: number
  /** Of the first read; before it, the most there may be. */
  records: number
  /** Infinite but where what keeps a batch from being processed is looked for. */
  most: number
  /** Where the last read of several may have ended; null: there was one. */
  gatheredThrough: number | null
}

interface Page {
  after: Position
  records: LogRecord[]
  stockRevision: string
  operatorRevision: string
}

function lastReadOf({ records }: Page, limit: number): LastRead {
  return { limit, records: records.length, lines: countLines(records) }
}

/** What the last read told. */
export interface LastRead {
  limit: number
  records: number
  lines: number
}

/** How many records to read next: more after every full read, few again at the log's end. */
export function nextReadLimit(last: LastRead | null, smallest = SMALLEST_READ): number {
  if (last === null || last.records < last.limit) return smallest
  const linesPerRecord = Math.max(1, last.lines / last.records)
  const roomFor = Math.floor(LINES_PER_BATCH / linesPerRecord)
  return Math.max(1, Math.min(last.limit * 2, LARGEST_READ, roomFor))
}
