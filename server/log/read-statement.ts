import type { EventType } from '#domain/event.ts'
import type { EventClass } from '#domain/log-event.ts'
import type { EventRecord, LogRecord } from './order-log.ts'

const UNIT_SEPARATOR = '\u001f'

/** The columns of a `ReadRow`, in its order, from `log.event_log`. */
export const READ_COLUMNS = `"offset", extract(epoch from appended_at)::float8 * 1000,
    extract(epoch from event_time)::float8 * 1000,
    type, class, source, id, store, channel, currency, business_day, order_id,
    total_units, total_gross, total_discounts, total_returns,
    array_to_string(skus, chr(31)), array_to_string(units, ','), array_to_string(stocked, ','),
    case when type in ('stock.transferred', 'stock.received', 'purchase.placed', 'purchase.cancelled')
      then details::text end`

/**
 * Reads after a position: $1 partition, $2 appended_at hint, $3 offset, $4 through offset, $5 limit.
 * The hint lets the planner skip day partitions and the index deliver in order. Arrays come as text that
 * splits natively: the driver's array parser took most of a replay's time.
 */
export const READ_STATEMENT = `
  select ${READ_COLUMNS}
  from log.event_log
  where partition = $1 and appended_at >= $2::timestamptz and "offset" > $3 and "offset" <= $4
  order by appended_at, "offset"
  limit $5`

export type ReadRow = [
  offset: number,
  appendedAt: number,
  eventTime: number,
  type: EventType | 'tick',
  eventClass: EventClass | 'tick',
  source: string,
  id: string,
  store: string,
  channel: 'pos' | 'online' | null,
  currency: string | null,
  businessDay: string,
  orderId: string | null,
  totalUnits: number,
  totalGross: number,
  totalDiscounts: number,
  totalReturns: number,
  skus: string | null,
  units: string | null,
  stocked: string | null,
  details: string | null,
]

/** A row of READ_STATEMENT as the record consumers read. Instants are whole milliseconds. */
export function toRecord(row: ReadRow, partition: number): LogRecord {
  const [offset, appendedAt, eventTime, type, eventClass] = row
  if (type === 'tick' || eventClass === 'tick') {
    return { type: 'tick', partition, offset, appendedAt: Math.round(appendedAt) }
  }
  const details = row[19]
  return {
    partition,
    offset,
    appendedAt: Math.round(appendedAt),
    eventTime: Math.round(eventTime),
    type,
    class: eventClass,
    source: row[5],
    id: row[6],
    store: row[7],
    channel: row[8],
    currency: row[9],
    businessDay: row[10],
    orderId: row[11],
    totalUnits: row[12],
    totalGross: row[13],
    totalDiscounts: row[14],
    totalReturns: row[15],
    lines: linesOf(row[16], row[17], row[18]),
    details: details === null ? null : JSON.parse(details),
  }
}

function linesOf(skus: string | null, units: string | null, stocked: string | null): EventRecord['lines'] {
  if (skus === null || units === null) return null
  return {
    skus: skus.split(UNIT_SEPARATOR),
    units: units.split(',').map(Number),
    // Postgres prints booleans in array_to_string as t and f.
    stocked: stocked === null ? null : stocked.split(',').map(flag => flag === 't'),
  }
}
