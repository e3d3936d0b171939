import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { LateSale } from '#server/stream/fold/fold-batch.ts'
import { followedPartitions, type GenerationPartition } from '#server/stream/state/generations.ts'

/**
 * Keeps the watermark by which each late sale was judged; in the batch's own transaction. Most batches have none. A row that
 * is there already, of tables that were emptied by hand, is replaced: what only explains must not cost a sale.
 */
export async function insertLateSales(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  sales: readonly LateSale[],
): Promise<void> {
  if (sales.length === 0) return
  await transaction.unsafe(
    `insert into stream.late_events (generation, partition, "offset", appended_at, store, channel, currency,
       window_start, watermark, processed_at)
     select $1::integer, $2::smallint, given."offset", 'epoch'::timestamptz + appended_at * interval '1 millisecond',
       store, channel, currency, 'epoch'::timestamptz + window_start * interval '1 millisecond',
       'epoch'::timestamptz + watermark * interval '1 millisecond', now()
     from unnest($3::text::bigint[], $4::text::bigint[], $5::text::text[], $6::text::text[], $7::text::text[],
         $8::text::bigint[], $9::text::bigint[])
       as given("offset", appended_at, store, channel, currency, window_start, watermark)
     on conflict (generation, partition, "offset") do update set
       appended_at = excluded.appended_at, store = excluded.store, channel = excluded.channel,
       currency = excluded.currency, window_start = excluded.window_start, watermark = excluded.watermark,
       processed_at = excluded.processed_at`,
    [
      generation,
      partition,
      plainArray(sales, sale => sale.offset),
      plainArray(sales, sale => sale.appendedAt),
      textArray(sales, sale => sale.store),
      textArray(sales, sale => sale.channel),
      textArray(sales, sale => sale.currency),
      plainArray(sales, sale => sale.windowStart),
      plainArray(sales, sale => sale.watermark),
    ],
    { prepare: true },
  )
}

export const LATE_KEPT_HOURS = 24
/** Of a partition: a till that was offline for a week brings a whole week. */
export const MOST_LATE_KEPT = 10_000

/** Deletes those that were appended a day before the checkpoint, and the oldest of too many. */
export async function trimLateSales(sql: Sql, partitions: readonly number[]): Promise<void> {
  for (const { generation, partition } of await followedPartitions(sql, partitions)) {
    await sql`
      delete from stream.late_events l
      using stream.checkpoints c
      where l.generation = ${generation} and l.partition = ${partition}
        and c.generation = l.generation and c.partition = l.partition
        and (l.appended_at < c.appended_at - ${LATE_KEPT_HOURS}::int * interval '1 hour'
          or l."offset" <= (
            select n."offset" from stream.late_events n
            where n.generation = ${generation} and n.partition = ${partition}
            order by n."offset" desc offset ${MOST_LATE_KEPT} limit 1))`
  }
}
