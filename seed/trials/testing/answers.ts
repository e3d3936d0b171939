import type { Sql } from '#db/client.ts'

/** What both paths say, every row of it; not when they said so, nor in which run. */
export async function answers(sql: Sql) {
  const [reports, windows, stock, alerts] = await Promise.all([
    sql`select job, store, period, row_count, checksum from batch.current_runs order by 1, 2, 3`,
    sql`
      select store, channel, currency, window_start, orders, units, gross, discounts, returns, late_net, revision
      from stream.windows order by 1, 2, 3, 4`,
    sql`select store, sku, on_hand, on_order from stream.stock order by 1, 2`,
    sql`select store, sku, rule, opened_at, resolved_at from stream.episodes order by 1, 2, 3, 4`,
  ])
  return { reports: [...reports], windows: [...windows], stock: [...stock], alerts: [...alerts] }
}
