import type { Reading, Transaction } from '#db/transaction.ts'
import type { Position } from '#domain/log-event.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { SetAside } from '#server/stream/fold/sift.ts'
import type { GenerationPartition } from './generations.ts'

/** The entry after a position, by the columns that can be read whatever stands in the others; null at the log's end. */
export async function loadEntryAfter(
  sql: Reading,
  { partition, after }: { partition: number; after: Position },
): Promise<Omit<SetAside, 'reason'> | null> {
  const [entry] = await sql.unsafe<Omit<SetAside, 'reason'>[]>(
    `select "offset", appended_at as "appendedAt", coalesce(store, '') as store,
       coalesce(business_day::text, '') as "businessDay", type, coalesce(source, '') as source, coalesce(id, '') as id
     from log.event_log
     where partition = $1 and appended_at >= $2::timestamptz and "offset" > $3
     order by appended_at, "offset" limit 1`,
    [partition, new Date(after.appendedAt).toISOString(), after.offset],
  )
  return entry ?? null
}

/** Keeps what a batch went on without; in the batch's own transaction. */
export async function insertSetAside(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  events: readonly SetAside[],
): Promise<void> {
  if (events.length === 0) return
  await transaction.unsafe(
    `insert into stream.set_aside (generation, partition, "offset", appended_at, store, business_day, type, source, id,
       reason)
     select $1::integer, $2::smallint, given."offset", 'epoch'::timestamptz + appended_at * interval '1 millisecond',
       store, case when pg_input_is_valid(business_day, 'date') then business_day::date end, type, source, id, reason
     from unnest($3::text::bigint[], $4::text::bigint[], $5::text::text[], $6::text::text[], $7::text::text[],
         $8::text::text[], $9::text::text[], $10::text::text[])
       as given("offset", appended_at, store, business_day, type, source, id, reason)`,
    [
      generation,
      partition,
      plainArray(events, event => event.offset),
      plainArray(events, event => event.appendedAt),
      textArray(events, event => event.store),
      textArray(events, event => event.businessDay),
      textArray(events, event => event.type),
      textArray(events, event => event.source),
      textArray(events, event => event.id),
      textArray(events, event => event.reason),
    ],
    { prepare: true },
  )
}
