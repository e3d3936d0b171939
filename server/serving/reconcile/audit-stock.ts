import type { Reading } from '#db/transaction.ts'
import { type AuditScope, inStores } from '#server/serving/reconcile/audit-scope.ts'
import { compareRows } from '#server/serving/reconcile/compare-rows.ts'
import { type FoundColumns, type FoundRow, found } from '#server/serving/reconcile/found-row.ts'

/**
 * Stock on hand and on order, per store and sku, against the whole log up to the stream's checkpoint: the
 * latest count (by event time, then offset) plus the deltas after it; without a count the earliest receipt
 * and all deltas from its instant on; with neither, unknown.
 */
export async function auditStock(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with lines as (
      select e.store, e.event_time, e."offset", e.type,
        generate_subscripts(e.skus, 1) as line, unnest(e.skus) as sku, unnest(e.units) as units,
        unnest(e.stocked) as is_stocked,
        case
          when e.type in ('order.voided', 'order.returned', 'stock.received', 'stock.adjusted') then 1
          when e.type = 'order.placed' then -1
          when e.type = 'stock.transferred' then case e.details ->> 'leg' when 'out' then -1 else 1 end
          else 0
        end as sign,
        case
          when e.type = 'purchase.placed' then 1
          when e.type = 'purchase.cancelled' then -1
          when e.type = 'stock.received' and e.details ->> 'purchaseOrderId' <> '' then -1
          else 0
        end as order_sign
      from log.event_log e
      join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
        and e."offset" <= c."offset"
      where e.type <> 'tick' ${inStores(reading, scope, 'e.store')}
    ),
    moved as materialized (select * from lines where coalesce(is_stocked, true)),
    counts as (
      select distinct on (store, sku) store, sku, event_time, units
      from moved where type = 'stock.counted'
      order by store, sku, event_time desc, "offset" desc, line desc
    ),
    openings as (
      select store, sku, min(event_time) as event_time from moved where type = 'stock.received' group by store, sku
    ),
    expected as (
      select m.store, m.sku,
        case
          when c.event_time is not null then
            c.units + batch.exact_sum(m.sign * m.units) filter (where m.event_time > c.event_time)
          when o.event_time is not null then
            batch.exact_sum(m.sign * m.units) filter (where m.event_time >= o.event_time)
        end as on_hand,
        batch.exact_sum(m.order_sign * m.units) as on_order, max(m."offset") as last_offset
      from moved m
      left join counts c on c.store = m.store and c.sku = m.sku
      left join openings o on o.store = m.store and o.sku = m.sku
      group by m.store, m.sku, c.event_time, c.units, o.event_time
    ),
    stored as (
      select * from stream.stock t where t.generation = ${generation} ${inStores(reading, scope, 't.store')}
    )
    ${compareRows(reading, { key: ['store', 'sku'], counts: ['on_hand', 'on_order', 'last_offset'], money: [] })}`
  return found('stream', 'stream.stock', rows)
}
