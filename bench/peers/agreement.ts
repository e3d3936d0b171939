import type { Sql } from '#db/client.ts'

/**
 * Holds what Flink SQL has written against a generation of ours: every window, amounts to the 1/10,000; and its stock
 * against the log, as ours says nothing of a stock that was never counted.
 * @throws where a row differs, with how many of which
 */
export async function holdAgainst(sql: Sql, ours: number, theirs: number): Promise<void> {
  const windows = `store, window_start, channel, currency, business_day, orders, units, gross, discounts, last_offset`
  const found = {
    windows: await differing(
      sql,
      `select ${windows} from stream.windows_g${ours}`,
      `select ${windows} from stream.windows_g${theirs}`,
    ),
    stocks: await differing(
      sql,
      `select store, sku, sum(units)::bigint from (
         select store, unnest(skus) as sku, case type when 'order.placed' then -1 else 1 end * unnest(units) as units
         from log.event_log where type in ('order.placed', 'order.voided')) lines group by store, sku`,
      `select store, sku, on_hand from stream.stock_g${theirs}`,
    ),
  }
  const wrong = Object.entries(found).filter(([, rows]) => rows > 0)
  if (wrong.length > 0)
    throw new Error(
      `Flink SQL differs: ${wrong.map(([table, rows]) => `${rows} rows of ${table}`).join(', ')}`,
    )
}

/** Rows that one has and the other has not, both ways. */
async function differing(sql: Sql, one: string, other: string): Promise<number> {
  const [row] = await sql.unsafe<{ rows: number }[]>(
    `select count(*)::bigint as rows from (
       (select * from (${one}) a except all select * from (${other}) b)
       union all (select * from (${other}) b except all select * from (${one}) a)) difference`,
  )
  return row?.rows ?? 0
}
