import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { OpenDelivery } from '#domain/replenishment/live-shelf.ts'
import { NO_SALES_PACE } from '#domain/replenishment/pace-of-sales.ts'
import type { ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import { textArray } from '#platform/pg-array.ts'
import { lookOf, type StockKey } from '#server/stream/fold/stock.ts'
import {
  type Episode,
  type KnownStock,
  NO_DELIVERIES,
  type StockPolicy,
  type StockState,
} from '#server/stream/fold/stock-state.ts'

/**
 * Loads states, open episodes, open orders, policies and forecasts of some skus: one round trip.
 * @returns one entry per key, in the order of the keys
 */
export async function loadStock(
  sql: Reading,
  generation: number,
  keys: readonly StockKey[],
): Promise<KnownStock[]> {
  const wanted = [textArray(keys, key => key.store), textArray(keys, key => key.sku)]
  const [states, deliveries, policies, forecasts] = await Promise.all([
    sql.unsafe<StockRow[]>(stockStatement(generation), wanted, { prepare: true }),
    sql.unsafe<Numbered<OpenDelivery>[]>(deliveryStatement(generation), wanted, { prepare: true }),
    sql.unsafe<Numbered<StockPolicy>[]>(POLICY_STATEMENT, wanted, { prepare: true }),
    sql.unsafe<Numbered<ValidForecast>[]>(FORECAST_STATEMENT, wanted, { prepare: true }),
  ])
  const deliveriesOf = byOrdinal(deliveries)
  const policiesOf = byOrdinal(policies)
  const forecastsOf = byOrdinal(forecasts)
  const statesOf = new Map(states.map(row => [row.ordinal, row]))
  return keys.map(({ sku }, index) => {
    const row = statesOf.get(index + 1)
    const state = row ? toState(row, deliveriesOf.get(index + 1) ?? NO_DELIVERIES) : null
    const forecasts = forecastsOf.get(index + 1) ?? NO_FORECASTS
    // A forecast may have been made since it was judged.
    if (state) state.lookAt = lookOf(state.lookAt, { after: state, forecasts })
    return { sku, state, policies: policiesOf.get(index + 1) ?? [], forecasts }
  })
}

/** Of most products of stores whose demand nobody has forecast yet. */
const NO_FORECASTS: readonly ValidForecast[] = []

/** Which of the keys a row is of, from 1. */
type Numbered<Row> = Row & { ordinal: number }

function byOrdinal<Row>(rows: readonly Numbered<Row>[]): Map<number, Row[]> {
  const grouped = new Map<number, Row[]>()
  for (const { ordinal, ...row } of rows) {
    const own = grouped.get(ordinal)
    if (own) own.push(row as Row)
    else grouped.set(ordinal, [row as Row])
  }
  return grouped
}

// Lateral with a limit: for each key one look into the index, whatever the planner thinks. A plan made while
// the table was empty is kept while it fills, and put the table outside: 24,000 stocks times thousands of
// keys were batches of 8 s instead of 50 ms.
function stockStatement(generation: number): string {
  return `
    select wanted.ordinal::integer as ordinal, s.on_hand as "onHand", s.on_order as "onOrder",
      s.anchor_kind as "anchorKind", s.anchor_time as "anchorTime", s.anchor_offset as "anchorOffset",
      s.max_delta_time as "maxDeltaTime", s.reorder_point as "reorderPoint", s.as_of as "asOf",
      s.last_offset as "lastOffset", s.pace_at as "paceAt", s.pace_units as "paceUnits", s.judged_at as "judgedAt",
      s.look_at as "lookAt",
      e.alert_id as "alertId", s.store, s.sku, e.rule, e.rule_version as "ruleVersion", e.severity,
      e.opened_at as "openedAt", e.opened_offset as "openedOffset", e.amended_at as "amendedAt",
      e.amended_offset as "amendedOffset", e.on_hand as "episodeOnHand", e.on_order as "episodeOnOrder",
      e.reorder_point as "episodeReorderPoint", e.suggested_units as "suggestedUnits",
      e.projected_stockout_at as "projectedStockoutAt", e.stockout_early_at as "stockoutEarlyAt",
      e.stockout_late_at as "stockoutLateAt", e.next_delivery_at as "nextDeliveryAt",
      e.order_arrives_at as "orderArrivesAt"
    from unnest($1::text::text[], $2::text::text[]) with ordinality as wanted(store, sku, ordinal)
    cross join lateral (
      select * from stream.stock_g${generation} stock
      where stock.generation = ${generation} and stock.store = wanted.store and stock.sku = wanted.sku limit 1
    ) s
    left join lateral (
      select * from stream.episodes_g${generation} episode
      where episode.store = wanted.store and episode.sku = wanted.sku and episode.state = 'open' limit 1
    ) e on true`
}

function deliveryStatement(generation: number): string {
  return `
    select wanted.ordinal::integer as ordinal, p.purchase_order as "purchaseOrder",
      p.ordered - p.cancelled - p.received as units, p.placed_at as "placedAt", p.expected_at as "expectedAt"
    from unnest($1::text::text[], $2::text::text[]) with ordinality as wanted(store, sku, ordinal)
    cross join lateral (
      select * from stream.purchases_g${generation} purchase
      where purchase.store = wanted.store and purchase.sku = wanted.sku
        and purchase.ordered > purchase.cancelled + purchase.received
      offset 0
    ) p`
}

const POLICY_STATEMENT = `
  select wanted.ordinal::integer as ordinal, p.valid_from as "validFrom", p.reorder_point as "reorderPoint",
    p.order_up_to as "orderUpTo"
  from unnest($1::text::text[], $2::text::text[]) with ordinality as wanted(store, sku, ordinal)
  cross join lateral (
    select * from ref.stock_policies policy
    where policy.store = wanted.store and policy.sku = wanted.sku order by valid_from offset 0
  ) p
  order by wanted.ordinal, p.valid_from`

const FORECAST_STATEMENT = `
  select wanted.ordinal::integer as ordinal, f.valid_from as "validFrom", f.units_by_weekday as "unitsByWeekday", f.spread
  from unnest($1::text::text[], $2::text::text[]) with ordinality as wanted(store, sku, ordinal)
  cross join lateral (
    select * from ref.demand_forecasts forecast
    where forecast.store = wanted.store and forecast.sku = wanted.sku order by valid_from offset 0
  ) f
  order by wanted.ordinal, f.valid_from`

/** Absent episodes give nulls in its columns. */
interface StockRow
  extends Omit<StockState, 'episode' | 'deliveries' | 'pace' | 'judgedAt'>,
    Pick<
      Episode,
      'projectedStockoutAt' | 'stockoutEarlyAt' | 'stockoutLateAt' | 'nextDeliveryAt' | 'orderArrivesAt'
    >,
    StockKey {
  ordinal: number
  paceAt: Instant | null
  paceUnits: number
  /** Null: of before it was kept. */
  judgedAt: Instant | null
  alertId: string | null
  rule: Episode['rule']
  ruleVersion: number
  severity: Episode['severity']
  openedAt: number
  openedOffset: number
  amendedAt: number
  amendedOffset: number
  episodeOnHand: number
  episodeOnOrder: number
  episodeReorderPoint: number | null
  suggestedUnits: number | null
}

function toState(row: StockRow, deliveries: readonly OpenDelivery[]): StockState {
  const { onHand, onOrder, anchorKind, anchorTime, anchorOffset, maxDeltaTime, reorderPoint } = row
  const { asOf, judgedAt, lookAt, lastOffset } = row
  return {
    onHand,
    onOrder,
    deliveries,
    pace: row.paceAt === null ? NO_SALES_PACE : { newest: row.paceAt, units: row.paceUnits },
    anchorKind,
    anchorTime,
    anchorOffset,
    maxDeltaTime,
    reorderPoint,
    asOf,
    judgedAt: judgedAt ?? asOf,
    lookAt,
    lastOffset,
    episode: toEpisode(row),
  }
}

function toEpisode(row: StockRow): Episode | null {
  if (row.alertId === null) return null
  const { alertId, store, sku, rule, ruleVersion, severity, openedAt, openedOffset } = row
  return {
    alertId,
    store,
    sku,
    rule,
    ruleVersion,
    severity,
    state: 'open',
    openedAt,
    openedOffset,
    amendedAt: row.amendedAt,
    amendedOffset: row.amendedOffset,
    resolvedAt: null,
    onHand: row.episodeOnHand,
    onOrder: row.episodeOnOrder,
    reorderPoint: row.episodeReorderPoint,
    suggestedUnits: row.suggestedUnits,
    projectedStockoutAt: row.projectedStockoutAt,
    stockoutEarlyAt: row.stockoutEarlyAt,
    stockoutLateAt: row.stockoutLateAt,
    nextDeliveryAt: row.nextDeliveryAt,
    orderArrivesAt: row.orderArrivesAt,
  }
}
