import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { advance, type Cursor, covers, earliest, isPast } from './cursor.ts'
import type { LiveAlert, LiveDetection, LiveSale, LiveStock, LiveWindow } from './messages.ts'

/** One batch of one partition: what `stream.changes` says of it, and its sales, which come from the log. */
export interface ChangeBatch {
  partition: number
  previousOffset: number
  throughOffset: number
  previousAppendedAt: Instant
  throughAppendedAt: Instant
  /** Of the partition, after this batch. */
  watermark: Instant | null
  processedAt: Instant
  windows: readonly LiveWindow[]
  stock: readonly LiveStock[]
  alerts: readonly LiveAlert[]
  detections: readonly LiveDetection[]
  /** Sales of the batch per store: all are counted, the newest are held. */
  sales: ReadonlyMap<string, StoreSales>
}

export interface StoreSales {
  count: number
  /** The newest of them, in log order. */
  newest: readonly LoggedSale[]
}

export type LoggedSale = LiveSale & { appendedAt: Instant; offset: number }

/** A row of `live.ops_lane`: what people and jobs changed. */
export interface OpsChange {
  sequence: number
  kind: string
  payload: unknown
  at: Instant
}

export type Change = ChangeBatch | OpsChange

export function isBatch(change: Change): change is ChangeBatch {
  return 'partition' in change
}

/** Sales an update may carry, and so as many of each store and batch are worth holding. */
export const MAX_SALES_PER_UPDATE = 50

/** Where all lanes end at one moment. */
export interface LaneEnd {
  cursor: Cursor
  /** By partition; null where nothing was read yet. */
  watermarks: readonly (Instant | null)[]
  checkpoints: readonly Checkpoint[]
}

export interface Checkpoint {
  partition: number
  offset: number
  appendedAt: Instant
  watermark: Instant | null
  processedAt: Instant | null
}

export async function readLaneEnd(reading: Reading): Promise<LaneEnd> {
  const [[heads], checkpoints] = await Promise.all([
    reading<{ generation: number; ops: number }[]>`
      select generation, coalesce((select max(sequence) from live.ops_lane), 0) as ops
      from stream.active_generation`,
    reading<Checkpoint[]>`
      select p.partition, coalesce(c."offset", 0) as "offset",
        coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt", c.watermark,
        c.processed_at as "processedAt"
      from log.partitions p
      left join stream.checkpoints c on c.partition = p.partition
        and c.generation = (select generation from stream.active_generation)
      order by p.partition`,
  ])
  if (!heads) throw new Error('stream.active_generation is empty: run the migrations again')
  return {
    cursor: { ...heads, offsets: checkpoints.map(checkpoint => checkpoint.offset) },
    watermarks: checkpoints.map(checkpoint => checkpoint.watermark),
    checkpoints,
  }
}

/** Most batches of one partition, and rows of `live.ops_lane`, that one read takes. */
const ROWS_PER_READ = 200

/**
 * Reads what follows a cursor in all lanes, with the sales of every batch. At most `limit` batches a
 * partition, oldest first. Offsets say what is new, so nothing committed late can be missed.
 * @returns the active generation too: another one than the cursor's means that the tables were switched
 */
export async function readChanges(
  sql: Reading,
  after: Cursor,
  limit = ROWS_PER_READ,
): Promise<{ generation: number; changes: Change[] }> {
  // First: what people did about an alert, and what pages were told of it, never comes before the alert itself.
  const ops = await sql<OpsChange[]>`
    select sequence, kind, payload, at from live.ops_lane
    where sequence > ${after.ops} order by sequence limit ${limit}`
  const [[active], rows] = await Promise.all([
    sql<{ generation: number }[]>`select generation from stream.active_generation`,
    sql<BatchRow[]>`
      select c.partition, c.previous_offset as "previousOffset", c.through_offset as "throughOffset",
        c.previous_appended_at as "previousAppendedAt", c.through_appended_at as "throughAppendedAt",
        c.watermark, c.processed_at as "processedAt", c.windows, c.stock, c.alerts, c.detections,
        c.sales as "salesCount"
      from unnest(${after.offsets.map((_, partition) => partition)}::int2[], ${after.offsets.map(String)}::text[]::int8[])
        as told(partition, through)
      cross join lateral (
        select * from stream.changes c
        where c.generation = ${after.generation} and c.partition = told.partition
          and c.through_offset > told.through
        order by c.through_offset limit ${limit}
      ) c
      order by c.processed_at, c.partition, c.through_offset`,
  ])
  const sales = await readSales(sql, {
    generation: after.generation,
    batches: rows.filter(row => row.salesCount > 0),
  })
  const batches = rows.map(({ salesCount: _count, ...row }) => ({
    ...row,
    sales: sales.get(batchKey(row)) ?? NO_SALES,
  }))
  return { generation: active?.generation ?? 0, changes: [...batches, ...ops] }
}

type BatchRow = Omit<ChangeBatch, 'sales'> & { salesCount: number }

const NO_SALES: ReadonlyMap<string, StoreSales> = new Map()

export interface SaleRow {
  processedAt: Instant
  offset: number
  appendedAt: Instant
  source: string
  id: string
  type: LiveSale['type']
  store: string
  channel: string
  eventTime: Instant
  orderId: string
  units: number
  net: number
  currency: string
  lines: number
}

/** The sales of each batch that the stream has not set aside: per store how many, and the newest. */
async function readSales(
  sql: Reading,
  { generation, batches }: { generation: number; batches: readonly BatchRow[] },
): Promise<Map<string, Map<string, StoreSales>>> {
  const sales = new Map<string, Map<string, { count: number; newest: LoggedSale[] }>>()
  if (batches.length === 0) return sales
  // Literal bounds over all batches let the planner leave out the log's other days.
  const first = Math.min(...batches.map(row => row.previousAppendedAt))
  const last = Math.max(...batches.map(row => row.throughAppendedAt))
  const rows = await sql<(SaleRow & { partition: number; throughOffset: number; count: number })[]>`
    select * from (
      select b.partition, b.through as "throughOffset", b.processed_at as "processedAt",
        count(*) over same_store as count, row_number() over (same_store order by s."offset" desc) as newness,
        s."offset", s.appended_at as "appendedAt", s.source, s.id, s.type, s.store, s.channel,
        s.event_time as "eventTime", s.order_id as "orderId", s.units - s.units_returned as units, s.net,
        s.currency, s.lines
      from unnest(
        ${batches.map(row => row.partition)}::int2[],
        ${batches.map(row => String(row.previousOffset))}::text[]::int8[],
        ${batches.map(row => String(row.throughOffset))}::text[]::int8[],
        ${batches.map(row => new Date(row.previousAppendedAt).toISOString())}::text[]::timestamptz[],
        ${batches.map(row => new Date(row.throughAppendedAt).toISOString())}::text[]::timestamptz[],
        ${batches.map(row => new Date(row.processedAt).toISOString())}::text[]::timestamptz[]
      ) as b(partition, previous, through, previous_at, through_at, processed_at)
      join log.sales s on s.partition = b.partition
        and s.appended_at >= b.previous_at and s.appended_at <= b.through_at
        and s."offset" > b.previous and s."offset" <= b.through
      where s.appended_at >= ${first} and s.appended_at <= ${last}
        and not exists (
          select from stream.set_aside a
          where a.generation = ${generation} and a.partition = s.partition and a."offset" = s."offset")
      window same_store as (partition by b.partition, b.through, s.store)
    ) counted
    where newness <= ${MAX_SALES_PER_UPDATE}
    order by partition, "offset"`
  for (const row of rows) {
    const byStore = sales.get(batchKey(row)) ?? new Map<string, { count: number; newest: LoggedSale[] }>()
    const ofStore = byStore.get(row.store) ?? { count: row.count, newest: [] }
    ofStore.newest.push(toLoggedSale(row))
    byStore.set(row.store, ofStore)
    sales.set(batchKey(row), byStore)
  }
  return sales
}

function batchKey({ partition, throughOffset }: { partition: number; throughOffset: number }): string {
  return `${partition}:${throughOffset}`
}

/** A row as the feed shows it. */
export function toLoggedSale(row: SaleRow): LoggedSale {
  const { source, id, type, store, channel, eventTime, processedAt, orderId, units, net } = row
  const { currency, lines, appendedAt, offset } = row
  const sale = { source, id, type, store, channel, eventTime, processedAt, orderId, units, currency, lines }
  return { ...sale, net: formatAmount(net), appendedAt, offset }
}

/** More than a slow client is given time for, and than one that comes back is told: a snapshot is smaller. */
export const CHANGES_HELD = 4_000

/**
 * The newest changes of all lanes, without a gap between `begin` and `end`, in the order they are told.
 * Numbered, so that a session knows what it has looked at. Old ones are dropped.
 */
export class ChangeBuffer {
  #changes: Change[] = []
  #first = 0
  #begin: Cursor
  #end: Cursor
  #watermarks: (Instant | null)[]

  constructor({ cursor, watermarks }: Pick<LaneEnd, 'cursor' | 'watermarks'>) {
    this.#begin = cursor
    this.#end = cursor
    this.#watermarks = [...watermarks]
  }

  /** Number of the oldest change that is held. */
  get first(): number {
    return this.#first
  }

  /** How many are held. */
  get size(): number {
    return this.#changes.length
  }

  /** Number that the next change will get. */
  get next(): number {
    return this.#first + this.#changes.length
  }

  get end(): Cursor {
    return this.#end
  }

  /** Minimum over the partitions that have a watermark, at `end`. */
  get watermark(): Instant | null {
    return lowestWatermark(this.#watermarks)
  }

  /** Takes what was read after `end`. @returns false, and takes nothing, when something between is missing */
  append(changes: readonly Change[]): boolean {
    const end = advance(this.#end, changes)
    if (end === null) return false
    for (const change of changes) {
      if (isBatch(change)) this.#watermarks[change.partition] = change.watermark
    }
    this.#changes.push(...changes)
    this.#end = end
    this.#dropOldest()
    return true
  }

  /** Drops everything and goes on at another end; numbers go on too, so that whoever stood before it is lost. */
  restart({ cursor, watermarks }: Pick<LaneEnd, 'cursor' | 'watermarks'>): void {
    this.#first = this.next
    this.#changes = []
    this.#begin = cursor
    this.#end = cursor
    this.#watermarks = [...watermarks]
  }

  /**
   * Whether everything between a client's cursor and `end` is held; what lies before `begin` is read from the
   * lanes and held with the rest.
   */
  async reachesBackTo(since: Cursor, sql: Sql): Promise<boolean> {
    if (this.#holds(since)) return true
    const missed = await readMissed(sql, since)
    // Meanwhile the buffer may have moved, or started anew.
    if (missed === null || since.generation !== this.#end.generation) return false
    const older = missed.filter(change => isPast(this.#begin, change))
    const begin = earliest(since, this.#begin)
    if (!covers(advance(begin, older) ?? begin, this.#begin)) return false
    this.#changes.unshift(...older)
    this.#first -= older.length
    this.#begin = begin
    this.#dropOldest()
    return covers(since, this.#begin)
  }

  #holds(cursor: Cursor): boolean {
    return covers(cursor, this.#begin) && covers(this.#end, cursor)
  }

  /**
   * The changes from a number on, for a client whose cursor is given; null when some it needs were dropped.
   */
  from(number: number, cursor: Cursor): readonly Change[] | null {
    if (number < this.#first && !covers(cursor, this.#begin)) return null
    return this.#changes.slice(Math.max(0, number - this.#first))
  }

  #dropOldest(): void {
    const dropped = this.#changes.splice(0, Math.max(0, this.#changes.length - CHANGES_HELD))
    this.#first += dropped.length
    this.#begin = advance(this.#begin, dropped) ?? this.#begin
  }
}

/** A client that missed more batches of a partition than this gets a snapshot: it is smaller. */
const MAX_MISSED_BATCHES = 1_000

/** Everything after `since`; null when not all of it is in the lanes any more, or it is no place in them. */
async function readMissed(sql: Sql, since: Cursor): Promise<Change[] | null> {
  return readSnapshot(sql, async reading => {
    const { cursor: end } = await readLaneEnd(reading)
    if (end.offsets.length !== since.offsets.length || !covers(end, since)) return null
    const { changes } = await readChanges(reading, since, MAX_MISSED_BATCHES)
    const reached = advance(since, changes)
    return reached && covers(reached, end) ? changes : null
  })
}

/** Minimum over the partitions that have a watermark. */
export function lowestWatermark(watermarks: readonly (Instant | null)[]): Instant | null {
  return watermarks.reduce(
    (least, next) => (least === null || (next !== null && next < least) ? next : least),
    null,
  )
}
