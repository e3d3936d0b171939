import type { Transaction } from '#db/transaction.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { EpisodeChange } from '#server/stream/fold/episodes.ts'
import type { TouchedPurchase, TouchedStock } from '#server/stream/fold/stock.ts'
import type { GenerationPartition } from '#server/stream/state/generations.ts'

const replaceStock = (generation: number) => `
  insert into stream.stock_g${generation} (generation, partition, store, sku, on_hand, on_order, anchor_kind,
    anchor_time, anchor_offset, max_delta_time, reorder_point, as_of, last_offset, pace_at, pace_units, judged_at,
    look_at, processed_at)
  select $1::integer, $2::smallint, store, sku, on_hand, on_order, anchor_kind,
    'epoch'::timestamptz + anchor_time * interval '1 millisecond', anchor_offset,
    'epoch'::timestamptz + max_delta_time * interval '1 millisecond', reorder_point,
    'epoch'::timestamptz + as_of * interval '1 millisecond', last_offset,
    'epoch'::timestamptz + pace_at * interval '1 millisecond', pace_units,
    'epoch'::timestamptz + judged_at * interval '1 millisecond',
    'epoch'::timestamptz + look_at * interval '1 millisecond', now()
  from unnest($3::text::text[], $4::text::text[], $5::text::bigint[], $6::text::bigint[], $7::text::text[],
      $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[], $12::text::bigint[],
      $13::text::bigint[], $14::text::bigint[], $15::text::double precision[], $16::text::bigint[],
      $17::text::bigint[])
    as given(store, sku, on_hand, on_order, anchor_kind, anchor_time, anchor_offset, max_delta_time,
      reorder_point, as_of, last_offset, pace_at, pace_units, judged_at, look_at)
  on conflict (generation, store, sku) do update set
    on_hand = excluded.on_hand,
    on_order = excluded.on_order,
    anchor_kind = excluded.anchor_kind,
    anchor_time = excluded.anchor_time,
    anchor_offset = excluded.anchor_offset,
    max_delta_time = excluded.max_delta_time,
    reorder_point = excluded.reorder_point,
    as_of = excluded.as_of,
    last_offset = excluded.last_offset,
    pace_at = excluded.pace_at,
    pace_units = excluded.pace_units,
    judged_at = excluded.judged_at,
    look_at = excluded.look_at,
    processed_at = excluded.processed_at`

/** Writes the states of the touched stocks as they stand after the batch. */
export async function upsertStock(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  touched: readonly TouchedStock[],
): Promise<void> {
  if (touched.length === 0) return
  await transaction.unsafe(
    replaceStock(generation),
    [
      generation,
      partition,
      textArray(touched, ({ store }) => store),
      textArray(touched, ({ sku }) => sku),
      plainArray(touched, ({ after }) => after.onHand),
      plainArray(touched, ({ after }) => after.onOrder),
      textArray(touched, ({ after }) => after.anchorKind),
      plainArray(touched, ({ after }) => after.anchorTime),
      plainArray(touched, ({ after }) => after.anchorOffset),
      plainArray(touched, ({ after }) => after.maxDeltaTime),
      plainArray(touched, ({ after }) => after.reorderPoint),
      plainArray(touched, ({ after }) => after.asOf),
      plainArray(touched, ({ after }) => after.lastOffset),
      plainArray(touched, ({ after }) => after.pace.newest),
      plainArray(touched, ({ after }) => after.pace.units),
      plainArray(touched, ({ after }) => after.judgedAt),
      plainArray(touched, ({ after }) => after.lookAt),
    ],
    { prepare: true },
  )
}

const replacePurchases = (generation: number) => `
  insert into stream.purchases_g${generation} (generation, partition, store, purchase_order, sku, ordered, cancelled,
    received, placed_at, confirmed_at, said_at, supplier, expected_at, as_of, last_offset, processed_at)
  select $1::integer, $2::smallint, store, purchase_order, sku, ordered, cancelled, received,
    'epoch'::timestamptz + placed_at * interval '1 millisecond',
    'epoch'::timestamptz + confirmed_at * interval '1 millisecond',
    'epoch'::timestamptz + said_at * interval '1 millisecond', supplier, 'epoch'::timestamptz + expected_at * interval '1 millisecond',
    'epoch'::timestamptz + as_of * interval '1 millisecond', last_offset, now()
  from unnest($3::text::text[], $4::text::text[], $5::text::text[], $6::text::bigint[], $7::text::bigint[],
      $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[], $12::text::text[],
      $13::text::bigint[], $14::text::bigint[], $15::text::bigint[])
    as given(store, purchase_order, sku, ordered, cancelled, received, placed_at, confirmed_at, said_at, supplier,
      expected_at, as_of, last_offset)
  on conflict (generation, store, purchase_order, sku) do update set
    ordered = excluded.ordered,
    cancelled = excluded.cancelled,
    received = excluded.received,
    placed_at = excluded.placed_at,
    confirmed_at = excluded.confirmed_at,
    said_at = excluded.said_at,
    supplier = excluded.supplier,
    expected_at = excluded.expected_at,
    as_of = greatest(purchases_g${generation}.as_of, excluded.as_of),
    last_offset = excluded.last_offset,
    processed_at = excluded.processed_at`

/** Writes the products of purchase orders that the batch touched as they stand after it. */
export async function upsertPurchases(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  touched: readonly TouchedPurchase[],
): Promise<void> {
  if (touched.length === 0) return
  await transaction.unsafe(
    replacePurchases(generation),
    [
      generation,
      partition,
      textArray(touched, ({ store }) => store),
      textArray(touched, ({ purchaseOrder }) => purchaseOrder),
      textArray(touched, ({ sku }) => sku),
      plainArray(touched, ({ ordered }) => ordered),
      plainArray(touched, ({ cancelled }) => cancelled),
      plainArray(touched, ({ received }) => received),
      plainArray(touched, ({ placedAt }) => placedAt),
      plainArray(touched, ({ confirmedAt }) => confirmedAt),
      plainArray(touched, ({ saidAt }) => saidAt),
      textArray(touched, ({ supplier }) => supplier),
      plainArray(touched, ({ expectedAt }) => expectedAt),
      plainArray(touched, ({ asOf }) => asOf),
      plainArray(touched, ({ lastOffset }) => lastOffset),
    ],
    { prepare: true },
  )
}

const replaceEpisodes = (generation: number) => `
  insert into stream.episodes_g${generation} (generation, partition, alert_id, store, sku, rule, rule_version,
    severity, state, opened_at, opened_offset, amended_at, amended_offset, resolved_at, on_hand, on_order,
    reorder_point, suggested_units, projected_stockout_at, stockout_early_at, stockout_late_at, next_delivery_at,
    order_arrives_at, processed_at)
  select $1::integer, $2::smallint, alert_id, store, sku, rule, rule_version, severity, state,
    'epoch'::timestamptz + opened_at * interval '1 millisecond', opened_offset,
    'epoch'::timestamptz + amended_at * interval '1 millisecond', amended_offset,
    'epoch'::timestamptz + resolved_at * interval '1 millisecond', on_hand, on_order, reorder_point,
    suggested_units, 'epoch'::timestamptz + projected_stockout_at * interval '1 millisecond',
    'epoch'::timestamptz + stockout_early_at * interval '1 millisecond',
    'epoch'::timestamptz + stockout_late_at * interval '1 millisecond',
    'epoch'::timestamptz + next_delivery_at * interval '1 millisecond',
    'epoch'::timestamptz + order_arrives_at * interval '1 millisecond', now()
  from unnest($3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::smallint[],
      $8::text::text[], $9::text::text[], $10::text::bigint[], $11::text::bigint[], $12::text::bigint[],
      $13::text::bigint[], $14::text::bigint[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[],
      $18::text::bigint[], $19::text::bigint[], $20::text::bigint[], $21::text::bigint[], $22::text::bigint[],
      $23::text::bigint[])
    as given(alert_id, store, sku, rule, rule_version, severity, state, opened_at, opened_offset, amended_at,
      amended_offset, resolved_at, on_hand, on_order, reorder_point, suggested_units, projected_stockout_at,
      stockout_early_at, stockout_late_at, next_delivery_at, order_arrives_at)
  on conflict (generation, alert_id) do update set
    rule = excluded.rule,
    rule_version = excluded.rule_version,
    severity = excluded.severity,
    state = excluded.state,
    amended_at = excluded.amended_at,
    amended_offset = excluded.amended_offset,
    resolved_at = excluded.resolved_at,
    on_hand = excluded.on_hand,
    on_order = excluded.on_order,
    reorder_point = excluded.reorder_point,
    suggested_units = excluded.suggested_units,
    projected_stockout_at = excluded.projected_stockout_at,
    stockout_early_at = excluded.stockout_early_at,
    stockout_late_at = excluded.stockout_late_at,
    next_delivery_at = excluded.next_delivery_at,
    order_arrives_at = excluded.order_arrives_at,
    processed_at = excluded.processed_at`

/** Writes the episodes that changed as they stand after the batch. */
export async function upsertEpisodes(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  changes: ReadonlyMap<string, EpisodeChange>,
): Promise<void> {
  if (changes.size === 0) return
  const episodes = [...changes.values()].map(({ episode }) => episode)
  await transaction.unsafe(
    replaceEpisodes(generation),
    [
      generation,
      partition,
      textArray(episodes, episode => episode.alertId),
      textArray(episodes, episode => episode.store),
      textArray(episodes, episode => episode.sku),
      textArray(episodes, episode => episode.rule),
      plainArray(episodes, episode => episode.ruleVersion),
      textArray(episodes, episode => episode.severity),
      textArray(episodes, episode => episode.state),
      plainArray(episodes, episode => episode.openedAt),
      plainArray(episodes, episode => episode.openedOffset),
      plainArray(episodes, episode => episode.amendedAt),
      plainArray(episodes, episode => episode.amendedOffset),
      plainArray(episodes, episode => episode.resolvedAt),
      plainArray(episodes, episode => episode.onHand),
      plainArray(episodes, episode => episode.onOrder),
      plainArray(episodes, episode => episode.reorderPoint),
      plainArray(episodes, episode => episode.suggestedUnits),
      plainArray(episodes, episode => episode.projectedStockoutAt),
      plainArray(episodes, episode => episode.stockoutEarlyAt),
      plainArray(episodes, episode => episode.stockoutLateAt),
      plainArray(episodes, episode => episode.nextDeliveryAt),
      plainArray(episodes, episode => episode.orderArrivesAt),
    ],
    { prepare: true },
  )
}
