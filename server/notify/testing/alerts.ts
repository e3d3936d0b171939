import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'

/** A shortage as the stream would have written it, for tests; given again, it is amended. */
export async function raiseShortage(
  sql: Sql,
  alertId: string,
  part: {
    store?: string
    sku?: string
    rule?: 'low_stock' | 'out_of_stock' | 'oversold'
    onHand?: number
    onOrder?: number
    generation?: number
  } = {},
): Promise<void> {
  const { store = 'berlin', sku = 'tea', rule = 'low_stock', onHand = 2, onOrder = 0, generation = 1 } = part
  const severity = rule === 'low_stock' ? 'warning' : 'critical'
  await sql`
    insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state,
      opened_at, opened_offset, amended_at, amended_offset, on_hand, on_order, reorder_point, processed_at)
    values (${generation}, ${alertId}, ${store}, ${sku}, 0, ${rule}, 1, ${severity}, 'open', now(), 1, now(), 1,
      ${onHand}, ${onOrder}, 5, now())
    on conflict (generation, alert_id) do update set rule = excluded.rule, severity = excluded.severity,
      on_hand = excluded.on_hand, on_order = excluded.on_order`
}

/** Ends a shortage. */
export async function resolveShortage(sql: Sql, alertId: string): Promise<void> {
  await sql`update stream.episodes set state = 'resolved', resolved_at = now() where alert_id = ${alertId}`
}

/** What the nightly plan calls short, since a moment that is over. */
export async function planShortage(
  sql: Sql,
  { store = 'berlin', sku = 'tea', since }: { store?: string; sku?: string; since: Instant },
): Promise<void> {
  await sql`
    insert into batch.replenishment_plans (store, business_day, as_of, run_id, inventory_run, partition, through_offset,
      computed_at)
    values (${store}, current_date, ${since}, 1, 1, 0, 1, ${since}) on conflict do nothing`
  await sql`
    insert into batch.replenishment (store, sku, run_id, on_hand, on_order, position, demand_per_day, suggested_units,
      runs_out_at, verdict, missed_units, missed_spread, shortage_since)
    values (${store}, ${sku}, 1, 4, 0, 4, 2, 12, now() + interval '2 days', 'short', 0, 0, ${since})`
  await sql`
    insert into batch.shortages (store, sku, since, last_said_at, runs_out_at, help_at)
    values (${store}, ${sku}, ${since}, ${since}, now() + interval '2 days', now() + interval '4 days')`
}

/** What a rule found, as the batch path would have written it, for tests. */
export async function raiseDetection(
  sql: Sql,
  alertId: string,
  part: {
    kind?: 'fraud' | 'anomaly' | 'silence' | 'pace'
    store?: string
    severity?: 'warning' | 'critical'
    state?: 'open' | 'resolved'
    openedAt?: Instant
    summary?: string
  } = {},
): Promise<void> {
  const { kind = 'fraud', store = 'berlin', severity = 'warning', state = 'open' } = part
  const { openedAt = Date.now(), summary = `${kind} at the till` } = part
  await sql`
    insert into batch.alerts (alert_id, kind, rule, rule_version, store, subject, severity, score, state, opened_at,
      amended_at, evidence, found_by)
    values (${alertId}, ${kind}, ${`rule_of_${kind}`}, 1, ${store}, '', ${severity}, 60, ${state}, ${openedAt},
      ${openedAt}, ${JSON.stringify({ summary, figures: [], receipts: [] })}::text::jsonb, 'batch_rules')
    on conflict (alert_id) do update set severity = excluded.severity, state = excluded.state`
}
