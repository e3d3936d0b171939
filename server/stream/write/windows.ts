import type { Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { SalesFigures } from '#domain/measures.ts'
import { ALLOWED_LATENESS_MS, WINDOW_MS } from '#domain/window.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { WindowDelta } from '#server/stream/fold/windows.ts'
import type { GenerationPartition } from '#server/stream/state/generations.ts'

/** A window as the table holds it after a batch. Amounts as text of 1/10,000: a sum may leave the safe integers. */
export interface WindowRow extends Omit<SalesFigures, 'net'> {
  store: string
  channel: string
  currency: string
  windowStart: Instant
  lateNet: string
  revision: number
}

const WINDOW_ROW = `store, channel, currency, window_start as "windowStart", orders, units, gross::text,
  discounts::text, returns::text, return_documents as "returnDocuments", units_returned as "unitsReturned",
  late_net::text as "lateNet", revision`

/** Late events add to their window like all others, whatever its state. */
const addToWindows = (generation: number) => `
  insert into stream.windows_g${generation} as kept (generation, partition, store, window_start, channel,
    currency, business_day, orders, units, gross, discounts, returns, return_documents, units_returned,
    late_net, revision, bulk_events, last_offset, processed_at)
  select $1::integer, $2::smallint, store, 'epoch'::timestamptz + window_start * interval '1 millisecond',
    channel, currency, business_day, orders, units, gross, discounts, returns, return_documents,
    units_returned, late_net, revision, bulk_events, last_offset, now()
  from unnest($3::text::text[], $4::text::bigint[], $5::text::text[], $6::text::text[], $7::text::date[],
      $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[], $12::text::bigint[],
      $13::text::bigint[], $14::text::bigint[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[],
      $18::text::bigint[])
    as given(store, window_start, channel, currency, business_day, orders, units, gross, discounts, returns,
      return_documents, units_returned, late_net, revision, bulk_events, last_offset)
  on conflict (generation, store, window_start, channel, currency) do update set
    orders = kept.orders + excluded.orders,
    units = kept.units + excluded.units,
    gross = kept.gross + excluded.gross,
    discounts = kept.discounts + excluded.discounts,
    returns = kept.returns + excluded.returns,
    return_documents = kept.return_documents + excluded.return_documents,
    units_returned = kept.units_returned + excluded.units_returned,
    late_net = kept.late_net + excluded.late_net,
    revision = kept.revision + excluded.revision,
    bulk_events = kept.bulk_events + excluded.bulk_events,
    last_offset = excluded.last_offset,
    processed_at = excluded.processed_at`

/**
 * Adds a batch's deltas to its windows.
 * @param deltas in the order of the key, so that the upsert walks the index once
 * @returns the windows as they now stand, where they are asked for
 */
export async function upsertWindows(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  deltas: readonly WindowDelta[],
  { answersRows }: { answersRows: boolean },
): Promise<WindowRow[]> {
  if (deltas.length === 0) return []
  return transaction.unsafe<WindowRow[]>(
    addToWindows(generation) + (answersRows ? ` returning ${WINDOW_ROW}` : ''),
    [
      generation,
      partition,
      textArray(deltas, delta => delta.store),
      plainArray(deltas, delta => delta.windowStart),
      textArray(deltas, delta => delta.channel),
      textArray(deltas, delta => delta.currency),
      plainArray(deltas, delta => delta.businessDay),
      plainArray(deltas, delta => delta.orders),
      plainArray(deltas, delta => delta.units),
      plainArray(deltas, delta => delta.gross),
      plainArray(deltas, delta => delta.discounts),
      plainArray(deltas, delta => delta.returns),
      plainArray(deltas, delta => delta.returnDocuments),
      plainArray(deltas, delta => delta.unitsReturned),
      plainArray(deltas, delta => delta.lateNet),
      plainArray(deltas, delta => delta.revision),
      plainArray(deltas, delta => delta.bulkEvents),
      plainArray(deltas, delta => delta.lastOffset),
    ],
    { prepare: true },
  )
}

/**
 * The windows of a partition that closed or became final as the watermark moved. Answers nothing, and asks
 * nothing, while the watermark stays within a minute.
 * @param watermark.limit most windows to answer of those that closed, and of those that became final
 */
export async function loadCrossedWindows(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  watermark: { from: Instant | null; to: Instant | null; limit: number },
): Promise<WindowRow[]> {
  const answers = await Promise.all(
    crossedWindowStarts(watermark.from, watermark.to).map(({ after, through }) =>
      transaction.unsafe<WindowRow[]>(
        `select ${WINDOW_ROW} from stream.windows_g${generation}
         where partition = $1 and window_start > $2::timestamptz and window_start <= $3::timestamptz limit $4`,
        [partition, new Date(after).toISOString(), new Date(through).toISOString(), watermark.limit],
        { prepare: true },
      ),
    ),
  )
  return answers.flat()
}

/**
 * The windows that close or become final when the watermark moves, as ranges of `windowStart`
 * (after, through]; empty when it passes no end of a window.
 */
export function crossedWindowStarts(
  from: Instant | null,
  to: Instant | null,
): { after: Instant; through: Instant }[] {
  if (from === null || to === null || Math.floor(from / WINDOW_MS) === Math.floor(to / WINDOW_MS)) return []
  return [WINDOW_MS, WINDOW_MS + ALLOWED_LATENESS_MS].map(age => ({ after: from - age, through: to - age }))
}
