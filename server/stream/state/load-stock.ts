import type { Reading } from '#db/transaction.ts'
import { textArray } from '#platform/pg-array.ts'
import type { Episode, KnownStock, StockPolicy, StockState } from '#server/stream/fold/stock-state.ts'

/** A sku in a store. */
export interface StockKey {
  store: string
  sku: string
}

/**
 * Loads states, open episodes and policies of some skus: one round trip.
 * @returns one entry per key, in the order of the keys
 */
export async function loadStock(
  sql: Reading,
  generation: number,
  keys: readonly StockKey[],
): Promise<KnownStock[]> {
  const wanted = [textArray(keys, key => key.store), textArray(keys, key => key.sku)]
  const [states, policies] = await Promise.all([
    sql.unsafe<StockRow[]>(stockStatement(generation), wanted, { prepare: true }),
    sql.unsafe<PolicyRow[]>(POLICY_STATEMENT, wanted, { prepare: true }),
  ])
  const known: { sku: string; state: StockState | null; policies: StockPolicy[] }[] = keys.map(({ sku }) => ({
    sku,
    state: null,
    policies: [],
  }))
  for (const row of states) {
    const entry = known[row.ordinal - 1]
    if (entry) entry.state = toState(row)
  }
  for (const { ordinal, ...policy } of policies) known[ordinal - 1]?.policies.push(policy)
  return known
}

// Lateral with a limit: for each key one look into the index, whatever the planner thinks. A plan made while
// the table was empty is kept while it fills, and put the table outside: 24,000 stocks times thousands of
// keys were batches of 8 s instead of 50 ms.
function stockStatement(generation: number): string {
  return `
    select wanted.ordinal::integer as ordinal, s.on_hand as "onHand", s.on_order as "onOrder",
      s.anchor_kind as "anchorKind", s.anchor_time as "anchorTime", s.anchor_offset as "anchorOffset",
      s.max_delta_time as "maxDeltaTime", s.reorder_point as "reorderPoint", s.as_of as "asOf",
      s.last_offset as "lastOffset",
      e.alert_id as "alertId", s.store, s.sku, e.rule, e.rule_version as "ruleVersion", e.severity,
      e.opened_at as "openedAt", e.opened_offset as "openedOffset", e.amended_at as "amendedAt",
      e.amended_offset as "amendedOffset", e.on_hand as "episodeOnHand", e.on_order as "episodeOnOrder",
      e.reorder_point as "episodeReorderPoint", e.suggested_units as "suggestedUnits"
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

const POLICY_STATEMENT = `
  select wanted.ordinal::integer as ordinal, p.valid_from as "validFrom", p.reorder_point as "reorderPoint",
    p.order_up_to as "orderUpTo"
  from unnest($1::text::text[], $2::text::text[]) with ordinality as wanted(store, sku, ordinal)
  cross join lateral (
    select * from ref.stock_policies policy
    where policy.store = wanted.store and policy.sku = wanted.sku order by valid_from offset 0
  ) p
  order by wanted.ordinal, p.valid_from`

interface PolicyRow extends StockPolicy {
  ordinal: number
}

/** Absent episodes give nulls in its columns. */
interface StockRow extends Omit<StockState, 'episode'>, StockKey {
  ordinal: number
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

function toState(row: StockRow): StockState {
  const { onHand, onOrder, anchorKind, anchorTime, anchorOffset, maxDeltaTime, reorderPoint } = row
  const { asOf, lastOffset } = row
  return {
    onHand,
    onOrder,
    anchorKind,
    anchorTime,
    anchorOffset,
    maxDeltaTime,
    reorderPoint,
    asOf,
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
  }
}
