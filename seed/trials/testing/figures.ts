import type { Sql } from '#db/client.ts'
import { enrich } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { SalesEffect } from '#domain/measures.ts'
import { modelSales, modelStock } from '#domain/testing/reference-model.ts'
import type { World } from '#seed/world/world.ts'

/** What both paths should hold, or do, by store and business day; on hand by store and sku. */
export interface Figures {
  sales: Record<string, SalesEffect>
  onHand: Record<string, number | null>
}

/** Events as the log should hold them. */
export function enrichAll(world: World, events: readonly SentEvent[]): LogEvent[] {
  const stores = new Map(world.shops.map(shop => [shop.id, shop]))
  return events.flatMap(event => {
    const now = Date.parse(event.eventTime)
    const enriched = enrich(event, { stores, now, class: 'live', bodyHash: '' })
    if ('rejection' in enriched) throw new Error(enriched.rejection.detail)
    return enriched.events
  })
}

/** Counted in the plainest way from the history and from what the intake said it took: neither path has a part in it. */
export function countFigures(events: readonly LogEvent[]): Figures {
  return {
    sales: sorted(modelSales(events, event => `${event.store} ${event.businessDay}`)),
    onHand: sorted(modelStock(events.map((event, index) => ({ ...event, offset: index + 1 })))),
  }
}

export async function streamFigures(sql: Sql): Promise<Figures> {
  const stock = await sql<{ key: string; onHand: number | null }[]>`
    select store || '/' || sku as key, on_hand as "onHand" from stream.stock`
  return {
    sales: await readSales(sql, 'stream.windows'),
    onHand: sorted(new Map(stock.map(({ key, onHand }) => [key, onHand]))),
  }
}

export async function batchSales(sql: Sql): Promise<Figures['sales']> {
  return readSales(sql, 'batch.daily_sales')
}

async function readSales(sql: Sql, table: 'stream.windows' | 'batch.daily_sales'): Promise<Figures['sales']> {
  const rows = await sql<({ key: string } & SalesEffect)[]>`
    select store || ' ' || business_day as key, sum(orders)::bigint as orders, sum(units)::bigint as units,
      sum(gross)::bigint as gross, sum(discounts)::bigint as discounts, sum(returns)::bigint as returns,
      sum(return_documents)::bigint as "returnDocuments", sum(units_returned)::bigint as "unitsReturned"
    from ${sql(table)} group by store, business_day`
  return sorted(new Map(rows.map(({ key, ...effect }) => [key, effect])))
}

function sorted<Value>(figures: ReadonlyMap<string, Value>): Record<string, Value> {
  return Object.fromEntries([...figures].sort(([left], [right]) => (left < right ? -1 : 1)))
}
