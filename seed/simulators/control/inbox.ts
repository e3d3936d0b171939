import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import type { EnteredMove, Inbox } from '#seed/shop/buyers-orders.ts'

/** Older orders nobody delivers any more. */
const READ_DAYS = 60

interface Row {
  purchaseOrderId: string
  store: string
  supplier: string
  isExpress: boolean
  placedAt: Instant
  expectedAt: Instant
  isConfirmed: boolean
  lines: { sku: string; expected: number; received: number }[]
}

/** @param after the last message that was read of what was entered */
export async function readInbox(sql: Sql, after: number): Promise<Inbox> {
  const orders = await sql<Row[]>`
    with placed as (
      select o.purchase_order, o.body ->> 'store' as store, o.body ->> 'supplier' as supplier,
        coalesce(o.body -> 'attributes' ->> 'service' = 'express', false) as is_express,
        (o.body ->> 'eventTime')::timestamptz as placed_at,
        coalesce(o.body ->> 'expectedAt', o.body ->> 'eventTime')::timestamptz as expected_at, o.body -> 'lines' as lines
      from purchasing.outbox o
      where o.body ->> 'type' = 'purchase.placed' and o.sent_at > now() - ${READ_DAYS} * interval '1 day'
    ),
    entered as (
      select o.purchase_order, o.body ->> 'store' as store, line ->> 'sku' as sku,
        coalesce(sum((line ->> 'units')::bigint) filter (where o.body ->> 'type' = 'stock.received'), 0) as received,
        coalesce(sum((line ->> 'units')::bigint) filter (where o.body ->> 'type' = 'purchase.cancelled'), 0) as cancelled
      from purchasing.outbox o cross join lateral jsonb_array_elements(o.body -> 'lines') line
      where o.refusal is null and o.purchase_order in (select purchase_order from placed)
      group by o.purchase_order, o.body ->> 'store', line ->> 'sku'
    ),
    lines as (
      select p.purchase_order, p.store, p.supplier, p.is_express, p.placed_at, p.expected_at, line ->> 'sku' as sku,
        (line ->> 'units')::bigint - greatest(s.cancelled, e.cancelled, 0)::bigint as expected,
        greatest(s.received, e.received, 0)::bigint as received, s.confirmed_at is not null as is_confirmed
      from placed p
      cross join lateral jsonb_array_elements(p.lines) line
      left join entered e on e.purchase_order = p.purchase_order and e.store = p.store and e.sku = line ->> 'sku'
      left join stream.active_generation a on true
      left join stream.purchases s on s.generation = a.generation and s.store = p.store
        and s.purchase_order = p.purchase_order and s.sku = line ->> 'sku'
    )
    select purchase_order as "purchaseOrderId", store, supplier, is_express as "isExpress", placed_at as "placedAt",
      expected_at as "expectedAt", bool_or(is_confirmed) as "isConfirmed",
      jsonb_agg(jsonb_build_object('sku', sku, 'expected', expected, 'received', received) order by sku)
        filter (where expected > 0) as lines
    from lines
    group by purchase_order, store, supplier, is_express, placed_at, expected_at
    having sum(greatest(expected - received, 0)) > 0
    order by placed_at, purchase_order, store`
  const moves = await sql<EnteredMove[]>`
    select o.message, leg.store, line ->> 'sku' as sku, leg.sign * (line ->> 'units')::bigint as units
    from purchasing.outbox o
    cross join lateral jsonb_array_elements(o.body -> 'lines') line
    cross join lateral (values (o.body ->> 'store', case when o.body ->> 'type' = 'stock.transferred' then -1 else 1 end),
      (o.body ->> 'toStore', 1)) leg(store, sign)
    where o.body ->> 'type' in ('stock.received', 'stock.transferred') and o.sent_at is not null
      and o.message > ${after} and leg.store is not null
    order by o.message`
  return { orders: [...orders], moves: [...moves] }
}
