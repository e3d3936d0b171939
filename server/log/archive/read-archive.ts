import type { EventType } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { LogEvent, Position } from '#domain/log-event.ts'
import { literal } from '#platform/duckdb.ts'
import { READ_DETAILS } from '#server/log/read-statement.ts'

// The statements of the log's readers, said for a Parquet file of the archive. Each answers what its sister answers of
// log.event_log, also of rows that stand as JSON.

/** Lists as the log's arrays are read: those within lists one after the other. */
const LISTS = `
  case when as_json is null then skus
    when json_type(as_json, '$.skus[0]') = 'ARRAY' then flatten(from_json(as_json -> 'skus', '[["VARCHAR"]]'))
    else from_json(as_json -> 'skus', '["VARCHAR"]') end as skus,
  case when as_json is null then units
    when json_type(as_json, '$.units[0]') = 'ARRAY' then flatten(from_json(as_json -> 'units', '[["INTEGER"]]'))
    else from_json(as_json -> 'units', '["INTEGER"]') end as units,
  case when as_json is null then stocked
    when json_type(as_json, '$.stocked[0]') = 'ARRAY' then flatten(from_json(as_json -> 'stocked', '[["BOOLEAN"]]'))
    else from_json(as_json -> 'stocked', '["BOOLEAN"]') end as stocked`

/** The sister of READ_STATEMENT, whose columns it answers in their order. */
export function readStatement(
  file: string,
  { partition, from, limit }: { partition: number; from: number; limit: number },
): string {
  return `
  select
    string_agg("offset"::varchar, ',' order by "offset"),
    string_agg(epoch_ms(appended_at)::varchar, ',' order by "offset"),
    string_agg(coalesce(epoch_ms(event_time)::varchar, 'Infinity'), ',' order by "offset"),
    string_agg(coalesce(type, ''), ',' order by "offset"),
    string_agg(coalesce(class, ''), ',' order by "offset"),
    string_agg(coalesce(source, ''), chr(30) order by "offset"),
    string_agg(coalesce(id, ''), chr(30) order by "offset"),
    string_agg(coalesce(store, ''), chr(30) order by "offset"),
    string_agg(coalesce(channel, ''), ',' order by "offset"),
    string_agg(coalesce(currency, ''), ',' order by "offset"),
    string_agg(coalesce(business_day::varchar, as_json ->> 'business_day', ''), ',' order by "offset"),
    string_agg(coalesce(order_id, ''), chr(30) order by "offset"),
    string_agg(total_units::varchar, ',' order by "offset"),
    string_agg(total_gross::varchar, ',' order by "offset"),
    string_agg(total_discounts::varchar, ',' order by "offset"),
    string_agg(total_returns::varchar, ',' order by "offset"),
    string_agg(coalesce(lines::varchar, ''), ',' order by "offset"),
    string_agg(array_to_string(list_transform(skus, lambda sku: coalesce(sku, '')), chr(31)), chr(31) order by "offset")
      filter (where lines > 0),
    string_agg(array_to_string(list_transform(units, lambda unit: coalesce(unit::varchar, '?')), ','), ',' order by "offset")
      filter (where lines > 0),
    string_agg(coalesce(array_to_string(
      list_transform(list_filter(stocked, lambda one: one is not null), lambda one: case when one then 't' else 'f' end), ''), ''),
      ',' order by "offset"),
    string_agg(coalesce(case when type in (${READ_DETAILS.map(literal).join(', ')}) then details end, ''), chr(30) order by "offset"),
    string_agg(coalesce(customer, ''), chr(30) order by "offset"),
    string_agg(coalesce(register, ''), chr(30) order by "offset"),
    string_agg(coalesce(tender, ''), chr(30) order by "offset")
  from (
    select *, case when len(units) = len(skus) then nullif(len(skus), 0) end as lines
    from (
      select * replace (${LISTS})
      from read_parquet(${literal(file)}, hive_partitioning = false)
      where partition = ${partition} and "offset" >= ${from}
      order by "offset" limit ${limit}
    )
  )`
}

/** The last place of a partition up to a condition. */
export function positionStatement(
  file: string,
  { partition, upTo }: { partition: number; upTo: string },
): string {
  return `
  select "offset", epoch_ms(appended_at) as appended_at
  from read_parquet(${literal(file)}, hive_partitioning = false)
  where partition = ${partition} and ${upTo}
  order by "offset" desc limit 1`
}

/** What a lookback adds up. */
export interface Movement {
  type: EventType
  store: string
  eventTime: Instant
  details: LogEvent['details']
  skus: string[]
  units: number[]
  stocked: boolean[] | null
}

export interface MovementsRequest {
  partition: number
  /** Append time and event time from which they are wanted. */
  from: Instant
  eventsFrom: Instant
  through: Position
  stores: readonly string[]
  skus: readonly string[]
}

/** The sister of the stream's statement of movements. Details come as text. */
export function movementsStatement(file: string, request: MovementsRequest): string {
  const { partition, from, through, eventsFrom, stores, skus } = request
  const at = (instant: Instant) => `${literal(formatInstant(instant))}::timestamptz`
  return `
  select type, store, epoch_ms(event_time)::double as "eventTime", details, skus, units, stocked
  from (
    select * replace (${LISTS}) from read_parquet(${literal(file)}, hive_partitioning = false)
    where partition = ${partition} and appended_at >= ${at(from)} and "offset" <= ${through.offset}
      and event_time >= ${at(eventsFrom)} and store in (${stores.map(literal).join(', ')}) and type <> 'stock.counted'
  )
  where list_has_any(skus, [${skus.map(literal).join(', ')}])
  order by "offset"`
}
