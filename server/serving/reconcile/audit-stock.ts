import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  compareRows,
  type FoundColumns,
  found,
  inLogOf,
  isCounted,
  MAX_FOUND,
  WHOLE_ROW,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * Stock on hand and on order, per store and sku, against the whole log up to the stream's checkpoint: the
 * latest count (by event time, then offset) plus the deltas after it; without a count the earliest receipt
 * and all deltas from its instant on; with neither, unknown. On order is what is open of each purchase order.
 */
export async function auditStock(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with lines as (
      select e.store, e.event_time, e."offset", e.type,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.stocked) as is_stocked,
        e.details ->> 'purchaseOrderId' as purchase_order,
        case
          when e.type in ('order.voided', 'order.returned', 'stock.received', 'stock.adjusted') then 1
          when e.type = 'order.placed' then -1
          when e.type = 'stock.transferred' then case e.details ->> 'leg' when 'out' then -1 else 1 end
          else 0
        end as sign,
        case
          when e.type = 'purchase.placed' then 1
          when e.type = 'purchase.cancelled' then -1
          when e.type = 'stock.received' and e.details ? 'purchaseOrderId' then -1
          else 0
        end as order_sign
      from log.event_log e
      join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
        and e."offset" <= c."offset"
      where e.type <> 'tick' and ${isCounted(reading, 'stream', generation)} ${inStores(reading, scope, 'e.store')}
    ),
    moved as materialized (select * from lines where coalesce(is_stocked, true)),
    counts as (
      select distinct on (store, sku) store, sku, event_time, units
      from (
        -- a product that one count names twice lies in two places
        select store, sku, event_time, "offset", batch.exact_sum(units) as units
        from moved where type = 'stock.counted' group by store, sku, event_time, "offset"
      ) counted
      order by store, sku, event_time desc, "offset" desc
    ),
    orders as (
      select store, sku, batch.exact_sum(greatest(open, 0)) as open
      from (
        select store, sku, purchase_order, batch.exact_sum(order_sign * units) as open
        from moved where order_sign <> 0 group by store, sku, purchase_order
      ) of_order
      group by store, sku
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
        coalesce(p.open, 0) as on_order, max(m."offset") as last_offset
      from moved m
      left join counts c on c.store = m.store and c.sku = m.sku
      left join openings o on o.store = m.store and o.sku = m.sku
      left join orders p on p.store = m.store and p.sku = m.sku
      group by m.store, m.sku, c.event_time, c.units, o.event_time, p.open
    ),
    stored as (
      select * from stream.stock t where t.generation = ${generation} ${inStores(reading, scope, 't.store')}
    )
    ${compareRows(reading, { key: ['store', 'sku'], counts: ['on_hand', 'on_order', 'last_offset'], money: [] })}`
  return found('stream', 'stream.stock', rows)
}

/** What the stream keeps of every product of a purchase order, against the events that named the order. */
export async function auditPurchases(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with lines as (
      select e.store, e."offset", e.event_time, e.type, e.details ->> 'purchaseOrderId' as purchase_order,
        e.details ->> 'supplier' as supplier, (e.details ->> 'expectedAt')::timestamptz as expected_at,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.stocked) as is_stocked
      from log.event_log e
      join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
        and e."offset" <= c."offset"
      where e.type in ('purchase.placed', 'purchase.confirmed', 'purchase.cancelled', 'stock.received') and e.details ? 'purchaseOrderId'
        and ${isCounted(reading, 'stream', generation)}
        ${inStores(reading, scope, 'e.store')}
    ),
    expected as (
      select store, purchase_order, sku,
        coalesce(batch.exact_sum(units) filter (where type = 'purchase.placed'), 0) as ordered,
        coalesce(batch.exact_sum(units) filter (where type = 'purchase.cancelled'), 0) as cancelled,
        coalesce(batch.exact_sum(units) filter (where type = 'stock.received'), 0) as received,
        extract(epoch from min(event_time) filter (where type = 'purchase.placed')) as placed_at,
        extract(epoch from min(event_time) filter (where type = 'purchase.confirmed')) as confirmed_at,
        hashtext((array_agg(supplier order by event_time desc, "offset" desc)
          filter (where type in ('purchase.placed', 'purchase.confirmed')))[1]) as supplier,
        extract(epoch from (array_agg(expected_at order by event_time desc, "offset" desc)
          filter (where type in ('purchase.placed', 'purchase.confirmed')))[1]) as expected_at,
        max("offset") as last_offset
      from lines where coalesce(is_stocked, true) group by store, purchase_order, sku
    ),
    stored as (
      -- Rows are compared as numbers: instants as seconds, the supplier by its hash.
      select t.store, t.purchase_order, t.sku, t.ordered, t.cancelled, t.received, t.last_offset,
        extract(epoch from t.placed_at) as placed_at, extract(epoch from t.confirmed_at) as confirmed_at, hashtext(t.supplier) as supplier,
        extract(epoch from t.expected_at) as expected_at
      from stream.purchases t where t.generation = ${generation} ${inStores(reading, scope, 't.store')}
    )
    ${compareRows(reading, {
      key: ['store', 'purchase_order', 'sku'],
      counts: [
        'ordered',
        'cancelled',
        'received',
        'placed_at',
        'confirmed_at',
        'supplier',
        'expected_at',
        'last_offset',
      ],
      money: [],
    })}`
  return found('stream', 'stream.purchases', rows)
}

/**
 * The legs of transfers that are alone in the log, or beside one of another transfer: what leaves a store arrives in
 * one, so goods in transit sum to zero. Both legs are appended in one commit; only a log of version 0.1.0 may hold half
 * a transfer, under the ids it used then.
 */
export async function auditTransfers(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<
    { store: string; businessDay: string; source: string; id: string; other: string }[]
  >`
    with legs as (
      select e.store, e.business_day, e.source, e.id,
        case e.details ->> 'leg'
          when 'out' then regexp_replace(e.id, 'out$', 'in') else regexp_replace(e.id, 'in$', 'out')
        end as other
      from log.event_log e
      where e.type = 'stock.transferred' and ${inLogOf(reading, scope)}
    )
    select l.store, l.business_day as "businessDay", l.source, l.id, l.other
    from legs l
    join log.event_keys own on own.source = l.source and own.id = l.id
    left join log.event_keys other on other.source = l.source and other.id = l.other
    where own.body_hash is distinct from other.body_hash
    order by l.store, l.business_day, l.id limit ${MAX_FOUND}`
  return rows.map(({ store, businessDay, source, id, other }) => ({
    kind: 'audit row',
    path: 'log',
    relation: 'log.event_log',
    rowKey: { store, business_day: businessDay, source, id },
    metric: WHOLE_ROW,
    stored: '1',
    expected: null,
    detail: `the other leg of this transfer, ${JSON.stringify(other)}, is not in the log`,
  }))
}
