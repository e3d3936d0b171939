import type { Fragment } from '#db/transaction.ts'
import type { SetReading } from '#jobs/run/set-reading.ts'

/**
 * SELECT of everything that moves or counts stock in a set's days, line by line: store, business_day, sku,
 * event_time, "offset", line (place in the document), kind and units. Units are signed by their effect on
 * stock; for a count they are what was found. Goods not put back and codes that are no merchandise move none.
 */
export function stockMoves({ sql, isRead }: SetReading): Fragment {
  return sql`
    select store, business_day, sku, event_time, "offset", line, kind, sign * units as units
    from (
      select e.store, e.business_day, e.event_time, e."offset",
        case e.type
          when 'order.placed' then 'sold'
          when 'order.voided' then 'sold'
          when 'order.returned' then 'returned'
          when 'stock.received' then 'received'
          when 'stock.adjusted' then 'adjusted'
          when 'stock.transferred' then 'transferred'
          when 'stock.counted' then 'counted'
        end as kind,
        case
          when e.type = 'order.placed' then -1
          when e.type = 'stock.transferred' and e.details ->> 'leg' = 'out' then -1
          else 1
        end as sign,
        generate_subscripts(e.skus, 1) as line, unnest(e.skus) as sku, unnest(e.units) as units,
        unnest(e.stocked) as is_stocked
      from log.event_log e
      where ${isRead()} and e.type in (
        'order.placed', 'order.voided', 'order.returned',
        'stock.received', 'stock.adjusted', 'stock.transferred', 'stock.counted')
    ) line
    where coalesce(is_stocked, true)`
}
