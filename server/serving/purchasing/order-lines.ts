import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import type { PurchaseUnits } from '#domain/purchase.ts'

/** A line of a buyer's order with what became of it. */
export interface OrderLine extends PurchaseUnits {
  order: string
  store: string
  storeName: string
  sku: string
  productName: string | null
  /** As entered; the same as `ordered`. */
  units: number
  unitCost: Amount | null
  note: string | null
  /** What the supplier said, and what was asked for until then. */
  confirmedAt: Instant | null
  expectedAt: Instant | null
}

/**
 * Lines of orders, in the order of their names. What has come and what was cancelled is what the stream has counted, or
 * what was entered here and has not come through it yet, whichever is more: nothing is received twice because the stream
 * is late.
 */
export function readLines(reading: Reading, orders: readonly string[]): Promise<OrderLine[]> {
  return reading<OrderLine[]>`
    with own as (
      select * from purchasing.order_lines where purchase_order = any(${[...orders]})
    ),
    entered as (
      select o.purchase_order, o.body ->> 'store' as store, line ->> 'sku' as sku,
        coalesce(sum((line ->> 'units')::bigint) filter (where o.body ->> 'type' = 'stock.received'), 0)::bigint as received,
        coalesce(sum((line ->> 'units')::bigint) filter (where o.body ->> 'type' = 'purchase.cancelled'), 0)::bigint
          as cancelled
      from purchasing.outbox o cross join lateral jsonb_array_elements(o.body -> 'lines') line
      where o.purchase_order = any(${[...orders]}) and o.refusal is null
      group by o.purchase_order, o.body ->> 'store', line ->> 'sku'
    )
    select l.purchase_order as "order", l.store, coalesce(s.name, l.store) as "storeName", l.sku,
      p.name as "productName", l.units, l.unit_cost as "unitCost", l.note, l.units as ordered,
      greatest(c.cancelled, e.cancelled, 0) as cancelled, greatest(c.received, e.received, 0) as received,
      c.confirmed_at as "confirmedAt", c.expected_at as "expectedAt"
    from own l
    left join ref.stores s on s.store = l.store
    left join ref.products p on p.sku = l.sku
    left join entered e on e.purchase_order = l.purchase_order and e.store = l.store and e.sku = l.sku
    left join stream.active_generation a on true
    left join stream.purchases c on c.generation = a.generation and c.store = l.store
      and c.purchase_order = l.purchase_order and c.sku = l.sku
    order by "productName", l.sku, "storeName"`
}
