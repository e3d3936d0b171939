import { literal } from '#platform/duckdb.ts'

/*
 * Invariant: what stands in the archive is what stood in the log, to the last bit. A row goes
 *
 *   log.event_log ──EXPORT──> text, column by column ──TO_PARQUET──> typed columns ──TO_CSV──> log.event_log
 *                    │                                                    │
 *                  md5 of the texts                =                    md5 of the texts
 *
 * and both databases work out the same digest from their own side: the sum over the rows is `contents`, the same in
 * whatever order. What the columns of Parquet cannot hold as it is (a day without end, a list of lists: the log of an
 * old version or a hand may have them) stands beside them as JSON, in `as_json`, and comes back from there.
 */

/** Half-open: an append day of UTC. $1 the day. The key's hash stands with its event, so that recognition comes back. */
const EXPORTED_ROWS = `
  select e.partition::text, e."offset"::text, (extract(epoch from e.appended_at) * 1000000)::bigint::text as appended_at,
    case when e.event_time between '0001-01-01Z' and '9999-12-31Z'
      then (extract(epoch from e.event_time) * 1000000)::bigint::text end as event_time,
    case when e.business_day between '0001-01-01' and '9999-12-31' then e.business_day::text end as business_day,
    e.rules_version::text, e.type, e.class, e.source, e.id, e.store, e.channel, e.register, e.currency, e.order_id,
    e.customer, e.tender, e.total_units::text, e.total_gross::text, e.total_discounts::text, e.total_returns::text,
    e.total_tax::text,
    case when plain.lists then to_json(e.skus)::text end as skus,
    case when plain.lists then to_json(e.units)::text end as units,
    case when plain.lists then to_json(e.unit_prices)::text end as unit_prices,
    case when plain.lists then to_json(e.discounts)::text end as discounts,
    case when plain.lists then to_json(e.taxes)::text end as taxes,
    case when plain.lists then to_json(e.refunds)::text end as refunds,
    case when plain.lists then to_json(e.stocked)::text end as stocked,
    case when plain.lists then to_json(e.amounts)::text end as amounts,
    e.details::text, e.attributes::text, k.body_hash::text, log.why_indigestible(e) as why_indigestible,
    case when not (plain.lists
        and coalesce(e.event_time between '0001-01-01Z' and '9999-12-31Z', true)
        and coalesce(e.business_day between '0001-01-01' and '9999-12-31', true))
      then to_jsonb(e)::text end as as_json
  from log.event_log e
  cross join lateral (
    select coalesce(array_ndims(e.skus), 1) = 1 and coalesce(array_ndims(e.units), 1) = 1
      and coalesce(array_ndims(e.unit_prices), 1) = 1 and coalesce(array_ndims(e.discounts), 1) = 1
      and coalesce(array_ndims(e.taxes), 1) = 1 and coalesce(array_ndims(e.refunds), 1) = 1
      and coalesce(array_ndims(e.stocked), 1) = 1 and coalesce(array_ndims(e.amounts), 1) = 1
      -- the two write control characters differently
      and coalesce(array_to_string(e.skus, '') !~ '[\\x01-\\x1f]', true) as lists
  ) plain
  left join log.event_keys k on k.source = e.source and k.id = e.id and k.partition = e.partition
  where e.appended_at >= $1::date at time zone 'UTC' and e.appended_at < ($1::date + 1) at time zone 'UTC'`

/** The day's rows as CSV, null told from empty. @param day 'YYYY-MM-DD', checked by the caller: COPY takes no parameters */
export function exportStatement(day: string): string {
  return `copy (${EXPORTED_ROWS.replaceAll('$1', literal(day))}) to stdout (format csv)`
}

/** What the log says of a day: rows and the sum of their digests. $1 the day. */
export const LOG_CONTENTS = `
  select count(*) as rows, coalesce(sum(('x0' || substr(digest, 1, 15))::bit(64)::bigint), 0)::text as contents
  from (
    select md5(concat_ws(chr(31), partition, "offset", appended_at, coalesce(event_time, chr(30)),
      coalesce(business_day, chr(30)), rules_version, type, class, coalesce(source, chr(30)), coalesce(id, chr(30)),
      coalesce(store, chr(30)), coalesce(channel, chr(30)), coalesce(register, chr(30)), coalesce(currency, chr(30)),
      coalesce(order_id, chr(30)), coalesce(customer, chr(30)), coalesce(tender, chr(30)), total_units, total_gross,
      total_discounts, total_returns, total_tax, coalesce(skus, chr(30)), coalesce(units, chr(30)),
      coalesce(unit_prices, chr(30)), coalesce(discounts, chr(30)), coalesce(taxes, chr(30)), coalesce(refunds, chr(30)),
      coalesce(stocked, chr(30)), coalesce(amounts, chr(30)), coalesce(details, chr(30)), coalesce(attributes, chr(30)),
      coalesce(body_hash, chr(30)), coalesce(why_indigestible, chr(30)), coalesce(as_json, chr(30)))) as digest
    from (${EXPORTED_ROWS}) exported
  ) digests`

/** Of a Parquet file: the same, with what a manifest says of its partitions. */
export function archiveContents(file: string): string {
  return `
  select partition::integer as partition, count(*) as rows, min("offset") as first_offset, max("offset") as last_offset,
    epoch_ms(min(appended_at)) as first_appended_at, epoch_ms(max(appended_at)) as last_appended_at,
    sum(('0x' || substr(digest, 1, 15))::ubigint)::varchar as contents,
    min(business_day) filter (where why_indigestible is null and type <> 'tick')::varchar as first_business_day,
    max(business_day) filter (where why_indigestible is null and type <> 'tick')::varchar as last_business_day,
    list_sort(list_distinct(list(rules_version::integer))) as rules
  from (
    select *, md5(concat_ws(chr(31), partition, "offset", epoch_us(appended_at), coalesce(epoch_us(event_time)::varchar, chr(30)),
      coalesce(business_day::varchar, chr(30)), rules_version, type, class, coalesce(source, chr(30)), coalesce(id, chr(30)),
      coalesce(store, chr(30)), coalesce(channel, chr(30)), coalesce(register, chr(30)), coalesce(currency, chr(30)),
      coalesce(order_id, chr(30)), coalesce(customer, chr(30)), coalesce(tender, chr(30)), total_units, total_gross,
      total_discounts, total_returns, total_tax, coalesce(to_json(skus)::varchar, chr(30)),
      coalesce(to_json(units)::varchar, chr(30)), coalesce(to_json(unit_prices)::varchar, chr(30)),
      coalesce(to_json(discounts)::varchar, chr(30)), coalesce(to_json(taxes)::varchar, chr(30)),
      coalesce(to_json(refunds)::varchar, chr(30)), coalesce(to_json(stocked)::varchar, chr(30)),
      coalesce(to_json(amounts)::varchar, chr(30)), coalesce(details, chr(30)), coalesce(attributes, chr(30)),
      coalesce(body_hash, chr(30)), coalesce(why_indigestible, chr(30)), coalesce(as_json, chr(30)))) as digest
    from read_parquet(${literal(file)}, hive_partitioning = false)
  )
  group by partition order by partition`
}

/** The longest row that is read: 5,000 lines with every column are some 2 MB. */
const MAX_ROW_BYTES = 32 * 1024 * 1024

/** Rows of one group: what a reader of some thousand records decompresses. */
const GROUP_ROWS = 20_480

/** Makes the Parquet file of a day from the CSV that EXPORT gave. */
export function toParquet({ csv, parquet }: { csv: string; parquet: string }): string {
  return `
  copy (
    select partition::smallint as partition, "offset"::bigint as "offset", make_timestamptz(appended_at::bigint) as appended_at,
      make_timestamptz(event_time::bigint) as event_time, business_day::date as business_day,
      rules_version::smallint as rules_version, type, class, source, id, store, channel, register, currency, order_id,
      customer, tender, total_units::bigint as total_units, total_gross::bigint as total_gross,
      total_discounts::bigint as total_discounts, total_returns::bigint as total_returns, total_tax::bigint as total_tax,
      from_json(skus, '["VARCHAR"]') as skus, from_json(units, '["INTEGER"]') as units,
      from_json(unit_prices, '["BIGINT"]') as unit_prices, from_json(discounts, '["BIGINT"]') as discounts,
      from_json(taxes, '["BIGINT"]') as taxes, from_json(refunds, '["BIGINT"]') as refunds,
      from_json(stocked, '["BOOLEAN"]') as stocked, from_json(amounts, '["BIGINT"]') as amounts,
      details, attributes,
      -- as text: Spark reads no file that has a column of type UUID
      body_hash, why_indigestible, as_json
    from read_csv(${literal(csv)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
      new_line = '\\n', nullstr = '', allow_quoted_nulls = false, max_line_size = ${MAX_ROW_BYTES},
      buffer_size = ${2 * MAX_ROW_BYTES}, columns = {
        partition: 'VARCHAR', "offset": 'VARCHAR', appended_at: 'VARCHAR', event_time: 'VARCHAR', business_day: 'VARCHAR',
        rules_version: 'VARCHAR', type: 'VARCHAR', class: 'VARCHAR', source: 'VARCHAR', id: 'VARCHAR', store: 'VARCHAR',
        channel: 'VARCHAR', register: 'VARCHAR', currency: 'VARCHAR', order_id: 'VARCHAR', customer: 'VARCHAR',
        tender: 'VARCHAR', total_units: 'VARCHAR', total_gross: 'VARCHAR', total_discounts: 'VARCHAR',
        total_returns: 'VARCHAR', total_tax: 'VARCHAR', skus: 'VARCHAR', units: 'VARCHAR', unit_prices: 'VARCHAR',
        discounts: 'VARCHAR', taxes: 'VARCHAR', refunds: 'VARCHAR', stocked: 'VARCHAR', amounts: 'VARCHAR',
        details: 'VARCHAR', attributes: 'VARCHAR', body_hash: 'VARCHAR', why_indigestible: 'VARCHAR', as_json: 'VARCHAR'
      })
    order by 1, 2
  ) to ${literal(parquet)} (format parquet, compression zstd, row_group_size ${GROUP_ROWS})`
}

/** Rows of a day as COPY_ARCHIVED takes them. */
export function toEventsCsv({ parquet, csv }: { parquet: string; csv: string }): string {
  const numbers = (column: string) =>
    `'{' || array_to_string(list_transform(${column}, lambda value: coalesce(value::varchar, 'NULL')), ',') || '}'`
  return `
  copy (
    select partition, "offset", appended_at::varchar, event_time::varchar, business_day::varchar, rules_version, type, class,
      source, id, store, channel, register, currency, order_id, customer, tender, total_units, total_gross,
      total_discounts, total_returns, total_tax,
      '{' || array_to_string(list_transform(skus, lambda sku:
        coalesce('"' || replace(replace(sku, '\\', '\\\\'), '"', '\\"') || '"', 'NULL')), ',') || '}',
      ${numbers('units')}, ${numbers('unit_prices')}, ${numbers('discounts')}, ${numbers('taxes')},
      ${numbers('refunds')}, ${numbers('stocked')}, ${numbers('amounts')}, details, attributes
    from read_parquet(${literal(parquet)}, hive_partitioning = false)
    where as_json is null
    order by appended_at, partition, "offset"
  ) to ${literal(csv)} (format csv, header false, nullstr '')`
}

/** @param table log.event_log, or the table that becomes a day of it */
export function copyArchived(table: string): string {
  return `
  copy ${table} (partition, "offset", appended_at, event_time, business_day, rules_version, type, class, source, id,
    store, channel, register, currency, order_id, customer, tender, total_units, total_gross, total_discounts,
    total_returns, total_tax, skus, units, unit_prices, discounts, taxes, refunds, stocked, amounts, details, attributes)
  from stdin (format csv)`
}

/** Rows that stand as JSON in the archive, one a line, quoted. */
export function toJsonCsv({ parquet, csv }: { parquet: string; csv: string }): string {
  return `
  copy (
    select as_json from read_parquet(${literal(parquet)}, hive_partitioning = false) where as_json is not null
  ) to ${literal(csv)} (format csv, header false, nullstr '')`
}

/** The keys of a day as log.event_keys has them. */
export function toKeysCsv({ parquet, csv }: { parquet: string; csv: string }): string {
  return `
  copy (
    select source, id, "offset", body_hash, partition
    from read_parquet(${literal(parquet)}, hive_partitioning = false)
    where body_hash is not null
    order by source, id, "offset"
  ) to ${literal(csv)} (format csv, header false, nullstr '')`
}
