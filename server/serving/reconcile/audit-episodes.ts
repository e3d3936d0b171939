import { loadShelfReference } from '#db/shelf-reference.ts'
import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { demandClock } from '#domain/replenishment/demand-clock.ts'
import {
  lookAhead,
  type OpenDelivery,
  type ShelfOutlook,
  shelfShortage,
} from '#domain/replenishment/live-shelf.ts'
import type { ShelfReference } from '#domain/replenishment/shelf-reference.ts'
import { type Severity, type ShortageRule, severityOf } from '#domain/shortage.ts'
import { inStores } from '#server/serving/scope.ts'
import { MAX_FOUND, WHOLE_ROW } from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

interface StockAndEpisode {
  store: string
  sku: string
  onHand: number | null
  onOrder: number | null
  reorderPoint: number | null
  orderUpTo: number | null
  judgedAt: Instant | null
  paceAt: Instant | null
  paceUnits: number | null
  unitsByWeekday: number[] | null
  spread: number | null
  alertId: string | null
  rule: ShortageRule | null
  severity: Severity | null
  episodeOnHand: number | null
  episodeOnOrder: number | null
  episodeReorderPoint: number | null
}

/**
 * Open alerts against the stock they are about: one where it is short and none elsewhere, saying the same figures. A shelf
 * whose demand is forecast is judged anew, as of when it was judged last, from its own row, its open orders and the forecast
 * valid then. Whether the stock itself is right is for the audit of stock.
 */
export async function auditEpisodes(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const [rows, deliveries, shelves] = await Promise.all([
    reading<StockAndEpisode[]>`
      select coalesce(s.store, e.store) as store, coalesce(s.sku, e.sku) as sku, s.on_hand as "onHand",
        s.on_order as "onOrder", s.reorder_point as "reorderPoint", s.judged_at as "judgedAt", s.pace_at as "paceAt",
        s.pace_units as "paceUnits", f.units_by_weekday as "unitsByWeekday", f.spread, policy.order_up_to as "orderUpTo", e.alert_id as "alertId", e.rule,
        e.severity, e.on_hand as "episodeOnHand", e.on_order as "episodeOnOrder",
        e.reorder_point as "episodeReorderPoint"
      from (
        select * from stream.stock where generation = ${generation} ${inStores(reading, scope, 'store')}
      ) s
      full join (
        select * from stream.episodes
        where generation = ${generation} and state = 'open' ${inStores(reading, scope, 'store')}
      ) e on e.store = s.store and e.sku = s.sku
      left join lateral (
        select units_by_weekday, spread from ref.demand_forecasts d
        where d.store = s.store and d.sku = s.sku and d.valid_from <= s.judged_at order by d.valid_from desc limit 1
      ) f on true
      left join lateral (
        select order_up_to from ref.stock_policies p
        where p.store = s.store and p.sku = s.sku and p.valid_from <= s.judged_at order by p.valid_from desc limit 1
      ) policy on true
      where s.on_hand <= greatest(s.reorder_point, 0) or e.alert_id is not null or f.spread is not null
      order by 1, 2`,
    reading<(OpenDelivery & { store: string; sku: string })[]>`
      select store, sku, purchase_order as "purchaseOrder", ordered - cancelled - received as units,
        placed_at as "placedAt", expected_at as "expectedAt"
      from stream.purchases
      where generation = ${generation} and ordered > cancelled + received ${inStores(reading, scope, 'store')}`,
    loadShelfReference(reading),
  ])
  const deliveriesOf = Map.groupBy(deliveries, ({ store, sku }) => `${store}\u001f${sku}`)
  return rows
    .flatMap(row =>
      judgeEpisode(row, outlookOf(row, deliveriesOf.get(`${row.store}\u001f${row.sku}`) ?? [], shelves)),
    )
    .slice(0, MAX_FOUND)
}

/** What becomes of the shelf as of when the stream judged it last; null where its demand was not forecast then. */
function outlookOf(
  { store, sku, onHand, judgedAt, paceAt, paceUnits, unitsByWeekday, spread }: StockAndEpisode,
  deliveries: readonly OpenDelivery[],
  shelves: ShelfReference,
): ShelfOutlook | null {
  if (onHand === null || judgedAt === null || unitsByWeekday === null || spread === null) return null
  const place = shelves.storeAt(store, judgedAt)
  if (!place) return null
  return lookAhead({
    at: judgedAt,
    offsetMs: place.offsetMs,
    onHand,
    clock: demandClock({ unitsByWeekday, spread }, place),
    pace: { newest: paceAt, units: paceUnits ?? 0 },
    deliveries,
    supply: shelves.supplyAt(sku, judgedAt),
  })
}

/** What is wrong with the open alert of one store and sku. */
function judgeEpisode(row: StockAndEpisode, outlook: ShelfOutlook | null): FoundRow[] {
  const { store, sku, alertId, onHand, judgedAt } = row
  const finding = (metric: string, stored: number | null, expected: number | null): FoundRow => ({
    kind: 'audit row',
    path: 'stream',
    relation: 'stream.episodes',
    rowKey: alertId === null ? { store, sku } : { alert_id: alertId },
    metric,
    stored: stored === null ? null : String(stored),
    expected: expected === null ? null : String(expected),
    detail: null,
  })
  const verdict = shelfShortage(row, outlook, alertId !== null)
  if (verdict === null) return alertId === null ? [] : [finding(WHOLE_ROW, 1, null)]
  if (alertId === null) return [finding(WHOLE_ROW, null, 1)]
  const found: FoundRow[] = []
  // A severity of before counts as that of now: it falls later than it rises.
  const projected = outlook && { stockoutAt: outlook.stockout.at, at: judgedAt ?? 0, before: row.severity }
  if (row.rule !== verdict || row.severity !== severityOf(verdict, projected))
    found.push(finding(`rule ${verdict}`, 0, 1))
  if (row.episodeOnHand !== onHand) found.push(finding('on_hand', row.episodeOnHand, onHand))
  if (row.episodeOnOrder !== row.onOrder) found.push(finding('on_order', row.episodeOnOrder, row.onOrder))
  if (row.episodeReorderPoint !== row.reorderPoint)
    found.push(finding('reorder_point', row.episodeReorderPoint, row.reorderPoint))
  return found
}
