import type { Fragment } from '#db/transaction.ts'
import type { SetReading } from '#jobs/run/set-reading.ts'

/**
 * FROM item `document`: the sales documents of a set, each with what it adds to every figure, from the
 * totals of its header. A void takes its order back, a return leaves orders and gross as they are.
 */
export function documents({ sql, isRead }: SetReading): Fragment {
  return sql`(
    select e.store, e.business_day, e.channel, e.currency, e.customer, e.event_time,
      effect.sign as orders,
      effect.sign * e.total_units as units,
      effect.sign * e.total_gross as gross,
      effect.sign * e.total_discounts as discounts,
      effect.sign * e.total_tax as tax,
      effect.back * e.total_returns as returns,
      effect.back as return_documents,
      effect.back * e.total_units as units_returned
    from log.event_log e
    cross join lateral (
      select case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
        case e.type when 'order.returned' then 1 else 0 end as back
    ) effect
    where ${isRead()} and e.type in ('order.placed', 'order.voided', 'order.returned')
  ) as document`
}
