import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { News, NewsKind } from '#domain/notify/subscription.ts'
import { type Told, tellDetection, tellShortage } from '#domain/notify/words.ts'
import { isCovered, type Severity, type ShortageRule } from '#domain/shortage.ts'

/** An alert that needs a person now, in words. */
export type NewsItem = News & Told

/** Of more than these the newest are told: nobody reads thousands, and the pages list them all. */
const MOST_NEWS = 2_000
/** What happened is told although it is over, as long as it is not older than this. */
const OVER_WITHIN_DAYS = 2

/**
 * What needs a person at this moment, of both paths. Told from the state of the tables, not from what passed by: whoever
 * was away (a process, a connection, a whole night) looks again and has missed nothing.
 *
 * A shortage needs nobody once an order will end it or somebody has taken it on, nor does one that is snoozed or muted. A rule's
 * alert needs nobody once it was judged. One that is over needs nobody if it was a state (silence, pace); fraud and
 * anomalies have happened all the same, and are told for two days.
 */
export async function readNews(reading: Reading): Promise<NewsItem[]> {
  const [shortages, detections] = await Promise.all([readShortages(reading), readDetections(reading)])
  return [...shortages, ...detections]
}

interface ShortageRow {
  alertId: string
  rule: ShortageRule
  severity: Severity
  store: string
  storeName: string
  zone: string | null
  sku: string
  productName: string | null
  category: string | null
  supplier: string | null
  onHand: number
  onOrder: number
  reorderPoint: number | null
  projectedStockoutAt: Instant | null
}

/**
 * What the stream calls short, and what the nightly plan alone does. One shortage has one name: one that the plan named
 * before the stream did keeps the plan's. A plan of the night says nothing any more of a shelf that the stream has judged
 * since.
 */
async function readShortages(reading: Reading): Promise<NewsItem[]> {
  const rows = await reading<ShortageRow[]>`
    with short as (
      select coalesce('plan/' || e.store || '/' || e.sku || '@' || plan.since_ms, e.alert_id) as alert_id,
        e.alert_id as handled_as, e.rule, e.severity, e.store, e.sku, e.on_hand, e.on_order, e.reorder_point,
        e.projected_stockout_at, e.opened_at
      from stream.active_generation a
      join stream.episodes e on e.generation = a.generation and e.state = 'open'
      left join lateral (
        select (extract(epoch from s.since) * 1000)::bigint as since_ms from batch.shortages s
        where s.store = e.store and s.sku = e.sku and s.since <= e.opened_at
          and coalesce(s.ended_at, 'infinity') >= e.opened_at
        order by s.since limit 1
      ) plan on true
      union all
      select p.alert_id, p.alert_id, p.rule, p.severity, p.store, p.sku, p.on_hand, p.on_order, p.reorder_point,
        p.runs_out_at, p.since
      from live.planned_shortages p
      join batch.replenishment_plans made on made.store = p.store
      where not exists (
        select from stream.episodes e
        where e.generation = p.generation and e.store = p.store and e.sku = p.sku
          and e.processed_at > made.computed_at)
    )
    select e.alert_id as "alertId", e.rule, e.severity, e.store, s.name as "storeName", clock.zone, e.sku,
      p.name as "productName", p.category, terms.supplier, e.on_hand as "onHand", e.on_order as "onOrder",
      e.reorder_point as "reorderPoint", e.projected_stockout_at as "projectedStockoutAt"
    from short e
    join ref.stores s on s.store = e.store
    left join ref.products p on p.sku = e.sku
    left join lateral (
      select v.zone from ref.store_versions v
      where v.store = e.store and v.valid_from <= current_date order by v.valid_from desc limit 1
    ) clock on true
    left join lateral (
      select t.supplier from ref.supply_terms t
      where t.sku = e.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) terms on true
    left join lateral (
      select l.kind, l.snoozed_until from live.alert_actions l
      where l.alert_id = e.handled_as order by l.action desc limit 1
    ) latest on true
    where (latest.kind is null or latest.kind = 'reopen'
        or (latest.kind = 'snooze' and latest.snoozed_until <= clock_timestamp()))
      and not exists (
        select from purchasing.mutes m
        where m.ended_at is null and (m.until is null or m.until > clock_timestamp())
          and (m.store is null or m.store = e.store) and (m.sku is null or m.sku = e.sku)
          and (m.supplier is null or m.supplier = terms.supplier))
    order by e.opened_at desc, e.alert_id limit ${MOST_NEWS}`
  return rows
    .filter(row => !isCovered(row))
    .map(({ alertId, rule, severity, store, category, supplier, ...facts }) => ({
      ...tellShortage(rule, { ...facts, runsOut: runsOutText(facts) }),
      ...{ alertId, kind: 'shortage', rule, severity, store, category, supplier },
    }))
}

/** `Fri 14:30` by the store's clocks; null where the shelf is empty already, or nobody can say. */
function runsOutText({
  zone,
  onHand,
  projectedStockoutAt,
}: Pick<ShortageRow, 'zone' | 'onHand' | 'projectedStockoutAt'>): string | null {
  if (projectedStockoutAt === null || onHand <= 0) return null
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone ?? 'UTC',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
  return clock.format(projectedStockoutAt).replace(',', '')
}

interface DetectionRow {
  alertId: string
  kind: NewsKind
  rule: string
  severity: Severity
  store: string
  storeName: string
  summary: string
}

async function readDetections(reading: Reading): Promise<NewsItem[]> {
  const rows = await reading<DetectionRow[]>`
    select a.alert_id as "alertId", a.kind, a.rule, a.severity, a.store, coalesce(s.name, a.store) as "storeName",
      a.evidence ->> 'summary' as summary
    from reports.alerts a left join ref.stores s on s.store = a.store
    where a.verdict is null and (a.state = 'open'
      or (a.kind in ('fraud', 'anomaly') and a.opened_at > clock_timestamp() - ${OVER_WITHIN_DAYS} * interval '1 day'))
    order by a.opened_at desc, a.alert_id limit ${MOST_NEWS}`
  return rows.map(({ alertId, kind, rule, severity, store, ...facts }) => ({
    ...tellDetection({ alertId, kind }, facts),
    ...{ alertId, kind, rule, severity, store, category: null, supplier: null },
  }))
}
