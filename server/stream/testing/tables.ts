import type { Sql } from '#db/client.ts'
import { PANES_KEPT_MS, SESSIONS_KEPT_MS } from '#domain/operators/metric.ts'
import { modelOnOrder, modelSales, modelStock } from '#domain/testing/reference-model.ts'
import { windowStartOf } from '#domain/window.ts'
import type { StoredEvent } from '#server/log/testing/append.ts'

/** The results of a generation, without what tells when and by whom they were written. */
export async function resultsOf(sql: Sql, generation = 1) {
  const omitted = ['generation', 'processed_at', 'set_aside_at', 'epoch']
  const [
    windows,
    stock,
    purchases,
    episodes,
    states,
    panes,
    sessions,
    alerts,
    late,
    setAside,
    sources,
    checkpoints,
  ] = await Promise.all([
    sql`select * from stream.windows where generation = ${generation}
        order by store, window_start, channel, currency`,
    sql`select * from stream.stock where generation = ${generation} order by store, sku`,
    sql`select * from stream.purchases where generation = ${generation} order by store, purchase_order, sku`,
    sql`select * from stream.episodes where generation = ${generation} order by alert_id`,
    // What has expired may be there still, or not any more.
    sql`select s.* from stream.operator_states s
        join stream.checkpoints c on c.generation = s.generation and c.partition = s.partition
        where s.generation = ${generation} and (s.is_held or s.expires_at > c.watermark)
        order by s.operator, s.store, s.key`,
    // Past being kept likewise.
    sql`select p.* from stream.panes p join stream.checkpoints c using (generation, partition)
        where generation = ${generation} and p.pane_start >= c.watermark - ${PANES_KEPT_MS}::float8 * interval '1 millisecond'
        order by metric, store, pane_start, key`,
    sql`select s.* from stream.sessions s join stream.checkpoints c using (generation, partition)
        where generation = ${generation} and s.ended_at >= c.watermark - ${SESSIONS_KEPT_MS}::float8 * interval '1 millisecond'
        order by session_id`,
    sql`select * from stream.alerts where generation = ${generation} order by alert_id`,
    sql`select * from stream.late_events where generation = ${generation} order by partition, "offset"`,
    sql`select * from stream.set_aside where generation = ${generation} order by partition, "offset"`,
    sql`select * from stream.sources where generation = ${generation} order by partition, source`,
    sql`select * from stream.checkpoints where generation = ${generation} order by partition`,
  ])
  const plain = (rows: readonly object[]) =>
    rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => !omitted.includes(name))))
  return {
    windows: plain(windows),
    stock: plain(stock),
    purchases: plain(purchases),
    episodes: plain(episodes),
    states: plain(states),
    panes: plain(panes),
    sessions: plain(sessions),
    alerts: plain(alerts),
    late: plain(late),
    setAside: plain(setAside),
    sources: plain(sources),
    checkpoints: plain(checkpoints),
  }
}

/** Window totals and stock of a generation, in the form of `modelOf`. */
export async function totalsOf(sql: Sql, generation = 1) {
  const windows = await sql<Record<string, string | number>[]>`
    select store || '/' || channel || '/' || currency || '/' || (extract(epoch from window_start) * 1000)::bigint
        || '/' || business_day as key,
      orders, units, gross, discounts, returns, return_documents as "returnDocuments",
      units_returned as "unitsReturned"
    from stream.windows where generation = ${generation}`
  const stock = await sql<{ key: string; onHand: number | null; onOrder: number }[]>`
    select store || '/' || sku as key, on_hand as "onHand", on_order as "onOrder"
    from stream.stock where generation = ${generation}`
  return {
    windows: Object.fromEntries(windows.map(({ key, ...figures }) => [key, figures])),
    stock: Object.fromEntries(stock.map(({ key, ...units }) => [key, units])),
  }
}

/** The same totals from the events themselves, in the plainest way. */
export function modelOf(events: readonly StoredEvent[]) {
  const sales = modelSales(
    events,
    event =>
      `${event.store}/${event.channel}/${event.currency}/${windowStartOf(event.eventTime)}/${event.businessDay}`,
  )
  const stock = modelStock(events)
  // A purchase gives a sku a row before anything moved it.
  for (const { store, type, lines } of events)
    if (type.startsWith('purchase.'))
      for (const sku of lines?.skus ?? [])
        if (!stock.has(`${store}/${sku}`)) stock.set(`${store}/${sku}`, null)
  const onOrder = modelOnOrder(events)
  return {
    windows: Object.fromEntries(sales),
    stock: Object.fromEntries(
      [...stock].map(([key, onHand]) => [key, { onHand, onOrder: onOrder.get(key) ?? 0 }]),
    ),
  }
}
