import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { productSales } from '#domain/metrics/product-sales.ts'
import { windowAt } from '#domain/operators/metric.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'

const SHOWN = 10

export interface TopProductsScope {
  /** Ids; empty for all. */
  stores: string[]
  /** A multiple of the metric's panes. */
  minutes: number
}

export interface TopProduct {
  sku: string
  /** Null: not in the catalogue. */
  name: string | null
  /** Orders that hold it, placed less voided. */
  orders: number
  /** Ordered less voided; what was brought back is not taken off. */
  units: number
  /** Units an hour, over as much of the window as has passed. */
  unitsAnHour: number
  /** The store in which it sells fastest. */
  fastest: { store: string; unitsAnHour: number }
}

export interface TopCategory {
  /** As the catalogue has it now, as the batch reports do; null for what is in none. */
  category: string | null
  units: number
  /** Of all units in scope: 0 to 1. */
  share: number
}

export interface TopProducts {
  /** Most units first. */
  products: TopProduct[]
  categories: TopCategory[]
  /** Event times in [start, end); the end lies ahead, since the window ends with the pane that is open. */
  window: { start: Instant; end: Instant }
  now: Instant
  basis: StreamBasis
}

interface SoldRow {
  sku: string
  name: string | null
  orders: number
  units: number
  fastestStore: string
  fastestUnits: number
}

/** What sells best in the window that is open, by product and by category, and how fast: the stream's panes added up. */
export async function readTopProducts(sql: Sql, { stores, minutes }: TopProductsScope): Promise<TopProducts> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const { name: metric } = productSales
    const window = windowAt(productSales, now, minutes * MINUTE_MS)
    const panes = reading`
      select p.store, p.key as sku, p.documents, p.units from stream.panes p
      where p.generation = ${basis.generation} and p.metric = ${metric}
        and p.pane_start >= ${window.start} and p.pane_start < ${window.end} ${inStores(reading, { stores }, 'p.store')}`
    const [sold, categories] = await Promise.all([
      reading<SoldRow[]>`
        with by_store as (
          select store, sku, sum(documents)::int8 as documents, sum(units)::int8 as units
          from (${panes}) panes group by store, sku
        )
        select s.sku, p.name, sum(s.documents)::int8 as orders, sum(s.units)::int8 as units,
          (array_agg(s.store order by s.units desc, s.store))[1] as "fastestStore", max(s.units) as "fastestUnits"
        from by_store s left join ref.products p on p.sku = s.sku
        group by s.sku, p.name having sum(s.units) > 0
        order by sum(s.units) desc, sum(s.documents) desc, s.sku limit ${SHOWN}`,
      reading<TopCategory[]>`
        select p.category, sum(units)::int8 as units, (sum(units) / sum(sum(units)) over ())::float8 as share
        from (${panes}) panes left join ref.products p using (sku)
        group by p.category having sum(units) > 0
        order by sum(units) desc, p.category limit ${SHOWN}`,
    ])
    const hours = Math.max(now - window.start, MINUTE_MS) / HOUR_MS
    return {
      products: sold.map(({ sku, name, orders, units, fastestStore, fastestUnits }) => ({
        sku,
        name,
        orders,
        units,
        unitsAnHour: units / hours,
        fastest: { store: fastestStore, unitsAnHour: fastestUnits / hours },
      })),
      categories,
      window,
      now,
      basis,
    }
  })
}
