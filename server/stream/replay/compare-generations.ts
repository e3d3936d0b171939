import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { AlertsDifference, TotalsDifference } from '#domain/replay.ts'
import { SHORTAGE_RULE_VERSION, SHORTAGE_RULES } from '#domain/shortage.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'

/** What a generation says: its figures added up, and what its rules have found. */
export interface GenerationAnswer {
  totals: GenerationTotals
  alerts: GenerationAlerts
}

/** What a generation says at one moment, and at which offsets. @param partitions what `offsets` is indexed like */
export async function standingAnswer(
  sql: Sql,
  { generation, partitions }: { generation: number; partitions: readonly number[] },
): Promise<GenerationAnswer & { offsets: number[] }> {
  return readSnapshot(sql, async reading => ({
    offsets: await offsetsOf(reading, generation, partitions),
    totals: await generationTotals(reading, generation),
    alerts: await generationAlerts(reading, generation),
  }))
}

/** What a generation says, added up: one line per store and business day, one per store's stock, one for its orders. */
type GenerationTotals = ReadonlyMap<string, Readonly<Record<string, string>>>

/**
 * Adds a generation up. Revisions and late net are part of it: lateness is decided from the log alone, so
 * a rebuild must find the same. Shortages are not: they are judged by policies as they were known at the time.
 */
async function generationTotals(sql: Reading, generation: number): Promise<GenerationTotals> {
  const [sales, stock, purchases] = await Promise.all([
    sql.unsafe<TotalsRow[]>(SALES_TOTALS, [generation]),
    sql.unsafe<TotalsRow[]>(STOCK_TOTALS, [generation]),
    sql.unsafe<TotalsRow[]>(PURCHASE_TOTALS, [generation]),
  ])
  return new Map(
    [...sales, ...stock, ...purchases].map(({ of, generation: _, ...figures }) => [
      of,
      Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)])),
    ]),
  )
}

/** Where two sets of totals differ, figure by figure; a line that only one of them has is `none` in the other. */
export function compareTotals(active: GenerationTotals, rebuilt: GenerationTotals): TotalsDifference[] {
  const differences: TotalsDifference[] = []
  for (const of of new Set([...active.keys(), ...rebuilt.keys()])) {
    const figures = { ...active.get(of), ...rebuilt.get(of) }
    for (const figure of Object.keys(figures)) {
      const sides = {
        active: active.get(of)?.[figure] ?? 'none',
        rebuilt: rebuilt.get(of)?.[figure] ?? 'none',
      }
      if (sides.active !== sides.rebuilt) differences.push({ of, figure, ...sides })
    }
  }
  return differences
}

/** What the rules of a generation have found, by rule and alert. */
type GenerationAlerts = ReadonlyMap<string, ReadonlyMap<string, RaisedAlert>>

interface RaisedAlert {
  ruleVersion: number
  /** Of all that it says. */
  digest: string
}

async function generationAlerts(sql: Reading, generation: number): Promise<GenerationAlerts> {
  const rows = await sql.unsafe<(RaisedAlert & { rule: string; alertId: string })[]>(ALERTS, [generation])
  const byRule = Map.groupBy(rows, ({ rule }) => rule)
  return new Map(
    [...byRule].map(([rule, alerts]) => [rule, new Map(alerts.map(alert => [alert.alertId, alert]))]),
  )
}

/** Where the rules of two generations have not found the same: nothing where both have. */
export function compareAlerts(active: GenerationAlerts, rebuilt: GenerationAlerts): AlertsDifference[] {
  const rules = [...new Set([...active.keys(), ...rebuilt.keys()])].sort()
  // They are judged by policies as they were known at the time: only what another version of their rules changes is told.
  const tellsShortages = SHORTAGE_RULES.some(rule => hasOtherVersion(active.get(rule) ?? NO_ALERTS))
  return rules.flatMap(rule => {
    const before = active.get(rule) ?? NO_ALERTS
    const after = rebuilt.get(rule) ?? NO_ALERTS
    if (SHORTAGES.has(rule) && !tellsShortages) return []
    const more = [...after.keys()].filter(id => !before.has(id)).length
    const fewer = [...before.keys()].filter(id => !after.has(id)).length
    const changed = [...after].filter(
      ([id, { digest }]) => (before.get(id)?.digest ?? digest) !== digest,
    ).length
    if (more + fewer + changed === 0) return []
    const versions = [...new Set([...after.values()].map(({ ruleVersion }) => ruleVersion))].sort(
      (a, b) => a - b,
    )
    return [{ rule, versions, before: before.size, after: after.size, more, fewer, changed }]
  })
}

const SHORTAGES: ReadonlySet<string> = new Set(SHORTAGE_RULES)

function hasOtherVersion(shortages: ReadonlyMap<string, RaisedAlert>): boolean {
  return [...shortages.values()].some(({ ruleVersion }) => ruleVersion !== SHORTAGE_RULE_VERSION)
}

const NO_ALERTS: ReadonlyMap<string, RaisedAlert> = new Map()

const ALERTS = `
  select rule, alert_id as "alertId", rule_version as "ruleVersion",
    md5((to_jsonb(a) - 'generation' - 'processed_at')::text) as digest
  from stream.alerts a where generation = $1
  union all
  select rule, alert_id, rule_version::integer, md5(concat_ws(' ', severity, state, opened_at, resolved_at))
  from stream.episodes where generation = $1`

type TotalsRow = Record<string, string | number> & { of: string }

const SALES_TOTALS = `
  select 'sales of ' || store || ' on ' || business_day || ' (' || currency || ')' as of, day.*
  from stream.store_days day where generation = $1 order by store, business_day, currency`

// The digest finds what sums hide: one unit more of this, one less of that.
const STOCK_TOTALS = `
  select 'stock of ' || store as of, count(*)::text as skus, count(on_hand)::text as known,
    coalesce(sum(on_hand), 0)::text as "onHand", sum(on_order)::text as "onOrder",
    md5(string_agg(sku || '=' || coalesce(on_hand::text, '?') || '+' || on_order, ',' order by sku collate "C"))
      as digest
  from stream.stock where generation = $1 group by store order by store`

const PURCHASE_TOTALS = `
  select 'purchase orders of ' || store as of, count(*)::text as lines, sum(ordered)::text as ordered,
    sum(cancelled)::text as cancelled, sum(received)::text as received,
    md5(string_agg(concat_ws(' ', to_json(purchase_order), to_json(sku), ordered, cancelled, received,
        to_json(supplier), to_json(placed_at), to_json(confirmed_at), to_json(expected_at)), ','
      order by purchase_order collate "C", sku collate "C")) as digest
  from stream.purchases where generation = $1 group by store order by store`
