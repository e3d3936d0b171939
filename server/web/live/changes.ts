import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import type { Reading } from '#server/serving/reading.ts'
import type { LiveSale } from '#server/web/live/messages.ts'
import type { Place } from './cursor.ts'
import { type LaneRow, type LaneSale, MAX_SALES_PER_UPDATE, type OpsRow, type StoreSales } from './lane.ts'

/** Most batches of one partition, and ops rows, that one read takes. */
const ROWS_PER_READ = 200

type ChangeRow = Omit<LaneRow, 'sales'> & { generation: number; salesCount: number }

export interface LaneRead {
  /** The active generation: another one than the place's means that the tables were switched. */
  generation: number
  rows: LaneRow[]
  ops: OpsRow[]
}

/**
 * Reads what follows a place in all lanes, with the sales of every batch. At most `limit` batches a
 * partition, oldest first. Offsets say what is new, so nothing committed late can be missed.
 */
export async function readLane(sql: Reading, after: Place, limit = ROWS_PER_READ): Promise<LaneRead> {
  const [[active], changes, ops] = await Promise.all([
    sql<{ generation: number }[]>`select generation from stream.active_generation`,
    sql<ChangeRow[]>`
      select c.generation, c.partition, c.previous_offset as "previousOffset", c.through_offset as "throughOffset",
        c.previous_appended_at as "previousAppendedAt", c.through_appended_at as "throughAppendedAt",
        c.watermark, c.processed_at as "processedAt", c.windows, c.stock, c.alerts, c.sales as "salesCount"
      from unnest(${after.offsets.map((_, partition) => partition)}::int2[], ${after.offsets.map(String)}::text[]::int8[])
        as told(partition, through)
      cross join lateral (
        select * from stream.changes c
        where c.generation = ${after.generation} and c.partition = told.partition
          and c.through_offset > told.through
        order by c.through_offset limit ${limit}
      ) c
      order by c.processed_at, c.partition, c.through_offset`,
    sql<OpsRow[]>`
      select sequence, kind, payload, at from live.ops_lane
      where sequence > ${after.ops} order by sequence limit ${ROWS_PER_READ}`,
  ])
  const sales = await readSales(
    sql,
    changes.filter(row => row.salesCount > 0),
  )
  return {
    generation: active?.generation ?? 0,
    rows: changes.map(({ generation: _generation, salesCount: _count, ...row }) => ({
      ...row,
      sales: sales.get(laneKey(row)) ?? NO_SALES,
    })),
    ops: [...ops],
  }
}

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

/** An event `e` of the log as the feed shows it. What a void or a return takes back is negative. */
export function saleColumns(sql: Reading) {
  return sql.unsafe(`
    e."offset", e.appended_at as "appendedAt", e.source, e.id, e.type, e.store, e.channel,
    e.event_time as "eventTime", e.order_id as "orderId",
    case e.type when 'order.placed' then e.total_units else -e.total_units end as units,
    case e.type when 'order.placed' then e.total_gross - e.total_discounts
      when 'order.voided' then e.total_discounts - e.total_gross else -e.total_returns end as net,
    e.currency, cardinality(e.skus) as lines`)
}

/** The sales of each batch: per store how many, and the newest. */
async function readSales(
  sql: Reading,
  batches: readonly ChangeRow[],
): Promise<Map<string, Map<string, StoreSales>>> {
  const sales = new Map<string, Map<string, { count: number; newest: LaneSale[] }>>()
  if (batches.length === 0) return sales
  // Literal bounds over all batches let the planner leave out the log's other days.
  const first = Math.min(...batches.map(row => row.previousAppendedAt))
  const last = Math.max(...batches.map(row => row.throughAppendedAt))
  const rows = await sql<(SaleRow & { partition: number; throughOffset: number; count: number })[]>`
    select * from (
      select b.partition, b.through as "throughOffset", b.processed_at as "processedAt",
        count(*) over same_store as count, row_number() over (same_store order by e."offset" desc) as newness,
        ${saleColumns(sql)}
      from unnest(
        ${batches.map(row => row.partition)}::int2[],
        ${batches.map(row => String(row.previousOffset))}::text[]::int8[],
        ${batches.map(row => String(row.throughOffset))}::text[]::int8[],
        ${batches.map(row => new Date(row.previousAppendedAt).toISOString())}::text[]::timestamptz[],
        ${batches.map(row => new Date(row.throughAppendedAt).toISOString())}::text[]::timestamptz[],
        ${batches.map(row => new Date(row.processedAt).toISOString())}::text[]::timestamptz[]
      ) as b(partition, previous, through, previous_at, through_at, processed_at)
      join log.event_log e on e.partition = b.partition
        and e.appended_at >= b.previous_at and e.appended_at <= b.through_at
        and e."offset" > b.previous and e."offset" <= b.through
      where e.appended_at >= ${first} and e.appended_at <= ${last}
        and e.type in ('order.placed', 'order.voided', 'order.returned')
      window same_store as (partition by b.partition, b.through, e.store)
    ) counted
    where newness <= ${MAX_SALES_PER_UPDATE}
    order by partition, "offset"`
  for (const row of rows) {
    const byStore = sales.get(laneKey(row)) ?? new Map<string, { count: number; newest: LaneSale[] }>()
    const ofStore = byStore.get(row.store) ?? { count: row.count, newest: [] }
    ofStore.newest.push(toLaneSale(row))
    byStore.set(row.store, ofStore)
    sales.set(laneKey(row), byStore)
  }
  return sales
}

function laneKey({ partition, throughOffset }: { partition: number; throughOffset: number }): string {
  return `${partition}:${throughOffset}`
}

/** A row as the feed shows it. */
export function toLaneSale(row: SaleRow): LaneSale {
  const { source, id, type, store, channel, eventTime, processedAt, orderId, units, net } = row
  const { currency, lines, appendedAt, offset } = row
  const sale = { source, id, type, store, channel, eventTime, processedAt, orderId, units, currency, lines }
  return { ...sale, net: formatAmount(net), appendedAt, offset }
}
