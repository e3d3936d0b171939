import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'
import type { RestockScope } from './alerts.ts'

/** A product of a purchase order of which more has come than was ordered and not cancelled. */
interface OverDelivery {
  store: string
  purchaseOrder: string
  sku: string
  productName: string | null
  /** The order was never seen; else it was, and is over-delivered. */
  state: 'not ordered' | 'over-delivered'
  ordered: number
  cancelled: number
  received: number
  /** Units beyond those ordered and not cancelled. */
  over: number
  /** Event time of the newest event that named it. */
  asOf: Instant
}

export interface OverDeliveries {
  deliveries: OverDelivery[]
  /** Of all of them, also of those that are not listed. */
  total: number
  basis: StreamBasis
}

/** Rows of one answer at most, the newest first. */
const MOST_DELIVERIES = 200

/** What came and was not ordered, or beyond what was: the stream's view of every purchase order. */
export async function readOverDeliveries(sql: Sql, scope: RestockScope): Promise<OverDeliveries> {
  return readSnapshot(sql, async reading => {
    const { basis } = await readStreamStand(reading)
    const rows = await reading<(OverDelivery & { total: number })[]>`
      select d.store, d.purchase_order as "purchaseOrder", d.sku, p.name as "productName",
        case when d.ordered = 0 then 'not ordered' else 'over-delivered' end as state,
        d.ordered, d.cancelled, d.received, d.received - greatest(d.ordered - d.cancelled, 0) as over,
        d.as_of as "asOf", count(*) over () as total
      from stream.purchases d
      left join ref.products p on p.sku = d.sku
      where d.generation = ${basis.generation} and d.received > greatest(d.ordered - d.cancelled, 0)
        ${inStores(reading, scope, 'd.store')}
        ${
          scope.supplier
            ? reading`and ${scope.supplier} = (
                select t.supplier from ref.supply_terms t
                where t.sku = d.sku and t.valid_from <= now() order by t.valid_from desc limit 1)`
            : reading``
        }
      order by d.as_of desc, d.store, d.purchase_order, d.sku
      limit ${MOST_DELIVERIES}`
    return {
      deliveries: rows.map(({ total: _, ...delivery }) => delivery),
      total: rows[0]?.total ?? 0,
      basis,
    }
  })
}
