import type { Sql } from '#db/client.ts'
import { MEASURE_NAMES, MEASURES } from '#domain/measures.ts'
import type { SourceProgress } from '#domain/watermark.ts'
import type { EpisodeChange } from '#server/stream/fold/episodes.ts'
import type { TouchedStock } from '#server/stream/fold/stock.ts'
import type { Episode } from '#server/stream/fold/stock-state.ts'
import type { WindowDelta } from '#server/stream/fold/windows.ts'
import type { WindowRow } from './change-row.ts'
import { SALES_BY_MINUTE, SHORTAGES, SOURCE_PROGRESS, STOCK } from './operators.ts'
import { type Sink, type SinkValue, sinkParameters, upsertStatement } from './sink.ts'

/** Where rows go. */
interface Place {
  generation: number
  partition: number
}

type ValuesOf<Row> = Readonly<Record<string, (row: Row) => SinkValue>>

/**
 * Adds a batch's deltas to its windows.
 * @param returning columns to answer of each window as it now stands, or null for none
 */
export async function upsertWindows(
  transaction: Pick<Sql, 'unsafe'>,
  place: Place,
  deltas: readonly WindowDelta[],
  returning: string | null,
): Promise<WindowRow[]> {
  const rows = { sink: SALES_BY_MINUTE.sink, rows: deltas, values: WINDOW_VALUES }
  return upsert<WindowDelta, WindowRow>(transaction, place, rows, returning)
}

/** Writes the states of the touched stocks as they stand after the batch. */
export async function upsertStock(
  transaction: Pick<Sql, 'unsafe'>,
  place: Place,
  touched: readonly TouchedStock[],
): Promise<void> {
  await upsert(transaction, place, { sink: STOCK.sink, rows: touched, values: STOCK_VALUES })
}

export async function upsertEpisodes(
  transaction: Pick<Sql, 'unsafe'>,
  place: Place,
  changes: ReadonlyMap<string, EpisodeChange>,
): Promise<void> {
  const episodes = [...changes.values()].map(({ episode }) => episode)
  await upsert(transaction, place, { sink: SHORTAGES.sink, rows: episodes, values: EPISODE_VALUES })
}

export async function upsertSources(
  transaction: Pick<Sql, 'unsafe'>,
  place: Place,
  sources: readonly (readonly [string, SourceProgress])[],
): Promise<void> {
  await upsert(transaction, place, { sink: SOURCE_PROGRESS, rows: sources, values: SOURCE_VALUES })
}

async function upsert<Row, Answer extends object>(
  transaction: Pick<Sql, 'unsafe'>,
  { generation, partition }: Place,
  { sink, rows, values }: { sink: Sink; rows: readonly Row[]; values: ValuesOf<Row> },
  returning: string | null = null,
): Promise<Answer[]> {
  if (rows.length === 0) return []
  const statement = statementOf(sink, generation)
  return transaction.unsafe<Answer[]>(
    returning === null ? statement : `${statement} returning ${returning}`,
    [generation, partition, ...sinkParameters(sink, rows, values)],
    { prepare: true },
  )
}

const statements = new Map<string, string>()

/** Kept, so that the driver finds the same text, and with it the prepared statement, again. */
function statementOf(sink: Sink, generation: number): string {
  const key = `${sink.table} ${generation}`
  const known = statements.get(key)
  if (known !== undefined) return known
  const statement = upsertStatement(sink, generation)
  statements.set(key, statement)
  return statement
}

const WINDOW_VALUES: ValuesOf<WindowDelta> = {
  store: delta => delta.store,
  window_start: delta => delta.windowStart,
  channel: delta => delta.channel,
  currency: delta => delta.currency,
  business_day: delta => delta.businessDay,
  ...Object.fromEntries(
    MEASURE_NAMES.map(metric => [MEASURES[metric].column, (delta: WindowDelta) => delta[metric]]),
  ),
  late_net: delta => delta.lateNet,
  revision: delta => delta.revision,
  bulk_events: delta => delta.bulkEvents,
  last_offset: delta => delta.lastOffset,
}

const STOCK_VALUES: ValuesOf<TouchedStock> = {
  store: ({ store }) => store,
  sku: ({ sku }) => sku,
  on_hand: ({ after }) => after.onHand,
  on_order: ({ after }) => after.onOrder,
  anchor_kind: ({ after }) => after.anchorKind,
  anchor_time: ({ after }) => after.anchorTime,
  anchor_offset: ({ after }) => after.anchorOffset,
  max_delta_time: ({ after }) => after.maxDeltaTime,
  reorder_point: ({ after }) => after.reorderPoint,
  as_of: ({ after }) => after.asOf,
  last_offset: ({ after }) => after.lastOffset,
}

const EPISODE_VALUES: ValuesOf<Episode> = {
  alert_id: episode => episode.alertId,
  store: episode => episode.store,
  sku: episode => episode.sku,
  rule: episode => episode.rule,
  rule_version: episode => episode.ruleVersion,
  severity: episode => episode.severity,
  state: episode => episode.state,
  opened_at: episode => episode.openedAt,
  opened_offset: episode => episode.openedOffset,
  amended_at: episode => episode.amendedAt,
  amended_offset: episode => episode.amendedOffset,
  resolved_at: episode => episode.resolvedAt,
  on_hand: episode => episode.onHand,
  on_order: episode => episode.onOrder,
  reorder_point: episode => episode.reorderPoint,
  suggested_units: episode => episode.suggestedUnits,
}

const SOURCE_VALUES: ValuesOf<readonly [string, SourceProgress]> = {
  source: ([source]) => source,
  max_event_time: ([, progress]) => progress.maxEventTime,
  last_appended_at: ([, progress]) => progress.lastAppendedAt,
}
